"""A simulated SMSC for SMPP 3.4, scripted by number and by rule. It knows nothing of the programs that speak to it."""

from sandbox.smsc.behaviour import (
    BUILTIN,
    Answer,
    Behaviour,
    BehaviourError,
    Carrier,
    CountBy,
    IdForm,
    Outcome,
    Parts,
    ReceiptStyle,
    Rule,
    Script,
    Stat,
    script_from_json,
    script_to_json,
)
from sandbox.smsc.ledger import Ledger, LedgerError, ReceiptLine, ResetLine, SubmitLine, read_ledger
from sandbox.smsc.smsc import Smsc
from sandbox.smsc.summary import BindView, Summary
from sandbox.smsc.web import routes

__all__ = [
    "BUILTIN",
    "Answer",
    "Behaviour",
    "BehaviourError",
    "BindView",
    "Carrier",
    "CountBy",
    "IdForm",
    "Ledger",
    "LedgerError",
    "Outcome",
    "Parts",
    "ReceiptLine",
    "ReceiptStyle",
    "ResetLine",
    "Rule",
    "Script",
    "Smsc",
    "Stat",
    "SubmitLine",
    "Summary",
    "read_ledger",
    "routes",
    "script_from_json",
    "script_to_json",
]
