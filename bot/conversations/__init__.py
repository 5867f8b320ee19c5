"""One file a conversation. Each is named here: importing it declares its actions and registers its handlers."""

from bot.conversations import (  # noqa: F401
    account,
    blacklist,
    campaign_countdown,
    campaign_new,
    campaign_news,
    campaign_review,
    campaign_text,
    campaigns,
    contact_add,
    contacts,
    contacts_import,
    groups,
    help,  # noqa: A004 - a module of ours
    home,
    import_result,
    import_review,
    people,
    results,
    templates,
    when_picker,
)
