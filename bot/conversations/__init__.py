"""One file a conversation. Each is named here: importing it declares its actions and registers its handlers."""

from bot.conversations import (  # noqa: F401
    account,
    account_rules,
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
    end_picker,
    groups,
    help,  # noqa: A004 - a module of ours
    home,
    import_result,
    import_review,
    pace_picker,
    people,
    results,
    templates,
    weekly_picker,
    when_picker,
)
