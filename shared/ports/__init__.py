"""The doors between the use cases and the machines behind them. Each is a Protocol; adapters stand behind."""

from shared.ports.clock import Chance, Clock
from shared.ports.erp import Download, ErpEvidence, ErpGateway, ExportQueue, Outgoing
from shared.ports.exports import ExportLedger, Lake
from shared.ports.files import OPENING_BYTES, Content, FileStore, Landing
from shared.ports.ledger import DueEntry, Ledger, Slot, Stored, Version
from shared.ports.pace import ContentLedger, OrderLedger, PaceLedger, WatchLedger
from shared.ports.probes import ErpProbe, Place, PlaceProbe
from shared.ports.view import Arrival, JobStanding, LedgerView, OldArrival, OldRows, OpenEntry

__all__ = [
    "OPENING_BYTES",
    "Arrival",
    "Chance",
    "Clock",
    "Content",
    "ContentLedger",
    "Download",
    "DueEntry",
    "ErpEvidence",
    "ErpGateway",
    "ErpProbe",
    "ExportLedger",
    "ExportQueue",
    "FileStore",
    "JobStanding",
    "Lake",
    "Landing",
    "Ledger",
    "LedgerView",
    "OldArrival",
    "OldRows",
    "OpenEntry",
    "OrderLedger",
    "Outgoing",
    "PaceLedger",
    "Place",
    "PlaceProbe",
    "Slot",
    "Stored",
    "Version",
    "WatchLedger",
]
