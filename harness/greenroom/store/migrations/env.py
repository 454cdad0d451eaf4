"""Alembic's environment: runs the migrations on the connection that `greenroom.store.migrate` hands over."""

from alembic import context

from greenroom.store.models import StoreBase

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=StoreBase.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
