"""The written policy of the shop: rules with stable codes. Tools refuse by them, tasks test them."""

from typing import NoReturn

from greenroom import Refusal

RETURN_DAYS = 30
CREDIT_LIMIT = 2_500
CREDIT_DAYS = 90
LATE_DAYS = 3
MOST = 10
TAX_PERCENT = 8
DELIVERY_FEE = 499
FREE_FROM = 5_000
WRAP_FEE = 300
VERIFIED_MINUTES = 30
CANCEL_REASONS = ("no longer needed", "ordered by mistake", "found cheaper", "takes too long")
RETURN_REASONS = ("does not fit", "damaged", "not as described", "no longer needed")

RULES = {
    "return_window": f"Items can be returned, exchanged or refunded up to {RETURN_DAYS} days after delivery, "
    "not later; days are counted by the customer's calendar.",
    "final_sale": "Items marked as final sale are never returned or exchanged; one that came damaged is refunded.",
    "not_delivered": "Only what was delivered can be returned, exchanged or reviewed.",
    "already_shipped": "An order is cancelled, or its address, items or payment changed, only before it has shipped.",
    "same_product": "Items are exchanged, or swapped in an order, only for another variant of the same product.",
    "original_method": "Refunds go to the original payment method only.",
    "not_damaged": "An item is refunded without a return only when it is damaged, "
    f"or is at least {LATE_DAYS} days late and not delivered.",
    "credit_limit": f"Goodwill credits are at most ${CREDIT_LIMIT // 100} per customer in {CREDIT_DAYS} days.",
    "credit_reason": f"A goodwill credit is given only when the parcel is, or came, at least {LATE_DAYS} days late.",
    "not_verified": "At the service desk, verify who the customer is before anything else about an account: "
    "by e-mail, or by full name and postcode.",
    "other_customer": "Nobody is told of, or may change, another customer's order.",
    "quantity_limit": f"At most {MOST} of one item are sold in one order.",
    "promotion_minimum": "A promotion code counts only from its minimum value of goods on, and until its last day.",
    "gift_card_covers": "A gift card must cover the whole amount: payments are not split.",
    "one_review": "A customer reviews a product once, after it was delivered.",
}

POLICY = (
    "You work for a shop or for one of its customers. If your tools name a customer (shop_find_customer, "
    "shop_verify_customer), you are at the service desk and the user is a customer; otherwise you shop for the user, "
    "who is signed in. Use the tools; never guess. If something that you need was not said, ask one short question. "
    "Change only what you were asked to change. Amounts are in cents; tell them as dollars: $45.99, and dates "
    "as 14 March. Unless told otherwise, pay by the card and send to the default address. "
    "When all is done, say so in one sentence. When a rule forbids what is asked, do not try it and change nothing: "
    "say no, name the order or item, and say the rule.\nRules:\n"
    + "\n".join(f"- {sentence}" for sentence in RULES.values())
    + f"\nTax is {TAX_PERCENT} % of goods less discount. Delivery costs ${DELIVERY_FEE / 100:.2f}, nothing from "
    f"${FREE_FROM // 100} of goods on or for plus members. Gift wrap is ${WRAP_FEE // 100} an item.\n"
    f"Reasons to cancel: {', '.join(CANCEL_REASONS)}. Reasons to return: {', '.join(RETURN_REASONS)}."
)


def refuse(rule: str, detail: str) -> NoReturn:
    """Say no by a rule.

    Raises:
        Refusal: Always; its code is the rule's.
    """
    raise Refusal(rule, f"{detail} The rule: {RULES[rule]}")
