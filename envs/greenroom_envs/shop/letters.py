"""What the shop writes to its customers: notices of what happens to their orders."""

from greenroom import World
from greenroom.letters import Letter, send_letter
from greenroom_envs.shop.ledger import Order
from greenroom_envs.shop.models import Customer

SHOP, DESK = "Greenroom Shop", "orders@greenroom-shop.com"


def write(world: World, customer: Customer, subject: str, body: str, *, reference: str = "") -> None:
    """Write to a customer."""
    send_letter(
        world, Letter(sender=SHOP, address=DESK, to=customer.email, subject=subject, body=body, reference=reference)
    )


def write_buyer(world: World, order: Order, subject: str, body: str) -> None:
    """Write to whoever bought, unless it was a guest whose order nobody has claimed."""
    if order.customer_id is not None:
        customer = world.session.get_one(Customer, order.customer_id)
        write(world, customer, subject, body, reference=f"shop:order:{order.id}")
