"""Instruments the console has met: asked of the desk once each, and found again by what a person types."""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.ids import InstrumentId, code_of
from core.domain.instrument import Instrument
from core.ports import Desk
from core.trading.search import SymbolIndex
from core.trading.view import Slice
from tui.picture import Picture


class Known:
    def __init__(self, desk: Desk, instruments: dict[InstrumentId, Instrument]) -> None:
        """`instruments` is filled: panes read it in the picture."""
        self._desk = desk
        self.instruments = instruments
        self._asked: set[InstrumentId] = set()
        self._index = SymbolIndex()

    def missing(self, picture: Picture) -> list[InstrumentId]:
        """Instruments of the picture that were not asked for yet; from now on they count as asked."""
        seen = {InstrumentId(key) for key in picture.rows[Slice.QUOTES]}
        seen |= {row.instrument for row in picture.positions()}
        seen |= {row.instrument for row in picture.orders()}
        new = sorted(seen - self._asked)
        self._asked.update(new)
        return new

    async def learn(self, ids: Iterable[InstrumentId]) -> None:
        """Ask the desk. Raises what the desk raises; those not answered are asked for again."""
        wanted = set(ids)
        try:
            for id in ids:
                if id not in self.instruments:
                    self.instruments |= {found.id: found for found in await self._desk.search(code_of(id))}
                wanted.discard(id)
        finally:
            self._asked -= wanted

    def meet(self, found: Iterable[Instrument]) -> None:
        """The desk named them in some answer."""
        for instrument in found:
            self.instruments[instrument.id] = instrument
            self._asked.add(instrument.id)

    @property
    def index(self) -> SymbolIndex:
        """To find instruments by code, name or initials."""
        if len(self._index) != len(self.instruments):
            self._index = SymbolIndex(self.instruments.values())
        return self._index
