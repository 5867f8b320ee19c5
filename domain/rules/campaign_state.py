"""
The life of a campaign: one table. The buttons of a campaign's screens and the guards of its updates are read from it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class CampaignState(StrEnum):
    """Where a campaign is; the comment is the manual's word for it."""

    DRAFT = "draft"  #: borrador
    SCHEDULED = "scheduled"  #: agendado: its next hour has not come
    STARTING = "starting"  #: Active (inicializando): its messages are being written
    RUNNING = "running"  #: Running (procesados)
    PAUSED = "paused"  #: detenido
    COMPLETED = "completed"  #: completado
    CANCELLED = "cancelled"  #: cancelado


class CampaignEvent(StrEnum):
    """What can happen to a campaign. The first block is a person's to ask for."""

    START = "start"  #: Iniciar, at once
    SCHEDULE = "schedule"  #: Guardar, with an hour to come
    EDIT = "edit"  #: back to the draft
    PAUSE = "pause"  #: Parar
    RESUME = "resume"  #: Continuar
    CANCEL = "cancel"  #: Cancelar

    SCHEDULE_BEGIN = "schedule_begin"  #: its hour has come
    EXPANDED = "expanded"  #: its messages are written
    RESUME_LATER = "resume_later"  #: Continuar, at an hour at which it may not send
    SCHEDULE_END = "schedule_end"  #: the closing hour; it goes on another day
    SCHEDULE_OVER = "schedule_over"  #: the last closing hour: what is pending expires
    DRAINED = "drained"  #: nothing is left to send; never raised in permanent mode
    FAULT = "fault"  #: it stopped by itself, with the reason
    RESEND = "resend"  #: a person lets what is in doubt go again


S, E = CampaignState, CampaignEvent

TABLE: Final[Mapping[tuple[CampaignState, CampaignEvent], CampaignState]] = {
    (S.DRAFT, E.START): S.STARTING,
    (S.DRAFT, E.SCHEDULE): S.SCHEDULED,
    # Only what never began, which the guard of ``reopen`` holds: nothing is written of it yet.
    **{(state, E.EDIT): S.DRAFT for state in (S.SCHEDULED, S.PAUSED)},
    (S.SCHEDULED, E.SCHEDULE_BEGIN): S.STARTING,
    (S.STARTING, E.EXPANDED): S.RUNNING,
    **{(state, E.PAUSE): S.PAUSED for state in (S.SCHEDULED, S.STARTING, S.RUNNING)},
    **{(state, E.FAULT): S.PAUSED for state in (S.SCHEDULED, S.STARTING, S.RUNNING)},
    # What was stopped while its messages were being written starts where it was: expanding twice changes nothing.
    (S.PAUSED, E.RESUME): S.STARTING,
    (S.PAUSED, E.RESUME_LATER): S.SCHEDULED,
    (S.RUNNING, E.SCHEDULE_END): S.SCHEDULED,
    (S.RUNNING, E.SCHEDULE_OVER): S.COMPLETED,
    (S.RUNNING, E.DRAINED): S.COMPLETED,
    # The last answers came after the closing hour.
    (S.SCHEDULED, E.DRAINED): S.COMPLETED,
    # Not by STARTING: who joined its groups since is not to get it.
    (S.COMPLETED, E.RESEND): S.RUNNING,
    **{(state, E.CANCEL): S.CANCELLED for state in (S.DRAFT, S.SCHEDULED, S.STARTING, S.RUNNING, S.PAUSED)},
}

FINISHED: Final = frozenset({S.COMPLETED, S.CANCELLED})
#: Its messages are made: all of them, or of who joins a permanent one.
WRITTEN_IN: Final = frozenset({S.STARTING, S.RUNNING})
ACTIVE: Final = frozenset({S.SCHEDULED, S.STARTING, S.RUNNING, S.PAUSED})


def sources(event: CampaignEvent) -> frozenset[CampaignState]:
    """The states in which ``event`` means something: the guard of the update that it causes."""
    return frozenset(state for state, of in TABLE if of is event)


def target(event: CampaignEvent) -> CampaignState:
    """The one state that ``event`` leads to, whatever it came from."""
    (state,) = {to for (_, of), to in TABLE.items() if of is event}
    return state


def offered(state: CampaignState) -> tuple[CampaignEvent, ...]:
    """What a person may ask for in this state, in the order of the buttons."""
    asked = (E.START, E.SCHEDULE, E.EDIT, E.PAUSE, E.RESUME, E.CANCEL)
    return tuple(event for event in asked if (state, event) in TABLE)
