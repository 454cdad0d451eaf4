"""Settings of I Hate Money for rehearsals: the state in one file, no mail, no limits, nothing that asks a network."""

SQLALCHEMY_DATABASE_URI = "sqlite:////data/ihatemoney.db"
SECRET_KEY = "a rehearsal keeps no secrets"
ACTIVATE_DEMO_PROJECT = False
ALLOW_PUBLIC_PROJECT_CREATION = True
MAIL_SUPPRESS_SEND = True
RATELIMIT_ENABLED = False
