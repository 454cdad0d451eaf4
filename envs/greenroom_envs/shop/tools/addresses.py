"""The customer's addresses."""

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    ADDRESSES,
    Number,
    Row,
    Short,
    address_of,
    me,
    require_room,
    require_text,
    show_address,
)
from greenroom_envs.shop.models import Address


@app.tool
def list_addresses(world: World) -> list[Row]:
    """List the user's addresses."""
    return [show_address(a) for a in world.session.scalars(ADDRESSES, {"customer": me(world).id}).all()]


@app.tool
def add_address(world: World, label: Short, street: Short, city: Short, postcode: Short) -> Row:
    """Add an address; it does not become the default.

    Args:
        label: What the user calls it, such as work.
        street: Number and street.
        city: The city.
        postcode: The postcode.
    """
    customer = me(world)
    require_text(label=label, street=street, city=city, postcode=postcode)
    require_room("addresses", len(world.session.scalars(ADDRESSES, {"customer": customer.id}).all()))
    address = Address(
        customer_id=customer.id, label=label, street=street, city=city, postcode=postcode, is_default=False
    )
    world.session.add(address)
    world.session.flush()
    return show_address(address)


@app.tool
def set_default_address(world: World, address_id: Number) -> Row:
    """Make an address the default one.

    Args:
        address_id: Its number.
    """
    customer = me(world)
    addresses = world.session.scalars(ADDRESSES, {"customer": customer.id}).all()
    chosen = address_of(world, customer, address_id)
    for address in addresses:
        address.is_default = address is chosen
    return show_address(chosen)


@app.tool
def remove_address(world: World, address_id: Number) -> Row:
    """Remove an address that is not the default.

    Args:
        address_id: Its number.
    """
    address = address_of(world, me(world), address_id)
    if address.is_default:
        raise Refusal("default_address", f"Address {address_id} is the default: make another the default first.")
    world.session.delete(address)
    return {"removed": address_id}
