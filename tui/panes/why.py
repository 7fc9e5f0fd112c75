"""Why the selected strategy trades or does not: every condition on the way to an order, in order; the first that did
not pass stands out, and what follows was not reached. Below it its parameters, also while they are edited, and its
profit as a curve. It shows what the engine says and judges nothing."""

from __future__ import annotations

from core.domain.signal import Step
from core.trading.view import ParamRow, Slice, StrategyRow, TraceRow
from tui import format as f
from tui.forms.params import ParamsForm
from tui.look import Look, profit, symbol
from tui.picture import Picture
from tui.widgets.curve import curve
from tui.widgets.grid import Cell
from tui.widgets.sheet import Sheet

_NAME, _VALUE = 22, 15
"""Where names and values of a step end."""
_CURVE_ROWS = 4


class WhyPane(Sheet, can_focus=True):
    slices = (Slice.TRACE, Slice.STRATEGIES)
    title = "Why"

    def __init__(self, look: Look) -> None:
        super().__init__(look.pens, id="why")
        self._look = look
        self.strategy = ""
        """Whose trace is shown."""
        self.form: ParamsForm | None = None
        self._traces: list[TraceRow] = []
        self._row: StrategyRow | None = None
        self._at = 0
        self._now = 0

    @property
    def subject(self) -> str:
        trace = self._trace
        if trace is None:
            return self.strategy
        bar = trace.bar
        when = f" {self._look.zone.clock(bar.ts + bar.interval.ns)}" if bar is not None else ""
        return f"{self.strategy} {symbol(trace, self._look.language)}{when}"

    @property
    def facts(self) -> tuple[Cell, ...]:
        count = len(self._traces)
        return (Cell(f"{self._at + 1}/{count}" if count > 1 else "", "text-dim"),)

    @property
    def _trace(self) -> TraceRow | None:
        return self._traces[self._at] if self._traces else None

    def show(self, picture: Picture, now: int, dirty: set[str] | None = None) -> None:
        self._traces = picture.traces(self.strategy)
        self._at = min(self._at, max(len(self._traces) - 1, 0))
        row = picture.rows[Slice.STRATEGIES].get(self.strategy)
        self._row = row if isinstance(row, StrategyRow) else None
        self._now = now
        self.draw()

    def show_form(self, form: ParamsForm | None) -> None:
        if form is not None or self.form is not None:
            self.form = form
            self.draw()
            self.flush()

    def move_cursor(self, by: int) -> None:
        """Another of its instruments."""
        if self._traces:
            self._at = (self._at + by) % len(self._traces)
            self.draw()
            self.flush()

    def page(self, pages: float) -> None:
        self.move_cursor(1 if pages > 0 else -1)

    def cursor_to(self, place: int) -> None:
        self._at = 0 if place == 0 else max(len(self._traces) - 1, 0)
        self.draw()
        self.flush()

    def text(self) -> str:
        """The answer in one line."""
        trace = self._trace
        failed = _failed(trace.steps) if trace is not None else None
        if trace is None or failed is None:
            return ""
        return f"{self.strategy} {trace.code}: {failed.name} {self._figures(failed, trace.decimals)} {failed.text}"

    def draw(self) -> None:
        look, width = self._look, self.room_width
        if self._row is None:
            self.put_lines([[Cell(" " + look.word("No strategy is selected."), "text-dim")]])
            return
        lines = [] if self.form is not None else self._trace_lines(width)
        lines += self._param_lines(width)
        if self.form is None and self.room_height - len(lines) > _CURVE_ROWS:
            lines += self._curve_lines(width, self.room_height - len(lines) - 2)
        for y, cells in enumerate(lines[: self.room_height]):
            is_answer = cells[:1] == [_ANSWER]
            self.put_line(y, cells, ground="stale" if is_answer else "background")
        self.clear(min(len(lines), self.room_height))

    # ---- the conditions

    def _trace_lines(self, width: int) -> list[list[Cell]]:
        trace, look = self._trace, self._look
        if trace is None:
            return [[Cell(" " + look.word("waiting for figures"), "text-dim")], []]
        lines = [self._step(step, trace.decimals, width) for step in _merged(trace.steps)]
        return [*lines, [], self._verdict(trace), []]

    def _step(self, step: Step, decimals: int, width: int) -> list[Cell]:
        look = self._look
        name, text = look.said(step.name), look.prose(look.said(step.text))
        value, limit = self._figures_of(step, decimals)
        is_blank = not (value or limit or text)
        if step.passed is None and is_blank:
            text = look.word("not reached")
        room = max(width - _NAME - _VALUE - 6 - f.width(limit), 6)
        if step.passed is False:
            mark, pen, strong = _ANSWER, "warning", "strong"
        elif step.passed:
            mark, pen, strong = Cell(" ✓ ", "text-dim"), "text-dim", "text-dim"
        else:
            mark, pen, strong = Cell(" · ", "faint"), "text-dim", "text-dim"
        figures = [Cell(value.rjust(_VALUE), strong), Cell(f" {limit}", pen)] if value or limit else []
        room = room if figures else width - _NAME - 5
        return [mark, Cell(f.fit(name, _NAME), strong), *figures, Cell(f" {f.clip(text, room)}", pen)]

    def _figures(self, step: Step, decimals: int) -> str:
        return " ".join(part for part in self._figures_of(step, decimals) if part)

    def _figures_of(self, step: Step, decimals: int) -> tuple[str, str]:
        if step.unit == "time" and step.value is not None:
            return self._look.zone.clock(round(step.value) * f.NS), ""
        value = self._figure(step.value, step.unit, decimals)
        limit = self._figure(step.limit, step.unit, decimals)
        return value, f"{step.relation} {limit}" if limit else ""

    def _figure(self, value: float | None, unit: str, decimals: int) -> str:
        if value is None:
            return ""
        match unit:
            case "price":
                is_on_tick = abs(value - round(value, decimals)) < 10.0**-decimals * 1e-6
                return f.price(value, decimals if is_on_tick else decimals + 2)
            case "bars":
                return f.number(value)
            case "s":
                return f"{value:.1f} s"
        return f.signed(value, 0) if value in (-1.0, 0.0, 1.0) else f.number(value, 1)

    def _verdict(self, trace: TraceRow) -> list[Cell]:
        look = self._look
        cells = [Cell(f" {look.word('verdict')} ", "text-dim"), Cell(trace.signal, "strong")]
        held = look.quantity(trace.position, _VALUE)
        cells += [Cell(f"  {look.word('POS')} ", "text-dim"), Cell(held, "text")]
        if trace.next_bar is not None:
            when = look.zone.clock(trace.next_bar)
            cells += [Cell(f"  {look.word('next evaluation')} ", "text-dim"), Cell(when, "text")]
        return cells

    # ---- the parameters

    def _param_lines(self, width: int) -> list[list[Cell]]:
        look, row = self._look, self._row
        if row is None or not row.params:
            return []
        form = self.form
        keys = "Esc" if form is not None else "Enter"
        does = "back" if form is not None else "edit"
        head = [
            Cell(f" {look.word('Parameters')}", "strong"),
            Cell(f"  {keys} ", "key"),
            Cell(look.word(does), "text-dim"),
        ]
        if form is not None:
            head += [Cell("  Enter ", "key"), Cell(look.word("set"), "text-dim")]
        lines = [head]
        for place, param in enumerate(row.params if form is None else form.rows):
            lines.append(self._param(param, form, place, width))
        if form is not None and form.problem:
            text = f.clip(look.said(form.problem), max(width - 4, 8))
            lines += [[], [Cell(" "), Cell(f" {text} ", "error")]]
        elif form is not None:
            doc = form.rows[form.at].doc
            lines += [[], [Cell(f" {f.clip(look.said(doc), max(width - 2, 8))}", "text-dim")]]
        return lines

    def _param(self, param: ParamRow, form: ParamsForm | None, place: int, width: int) -> list[Cell]:
        name = Cell(f.fit(f" {param.name}", _NAME + 2), "text-dim")
        usual = Cell(f"  ({param.default})" if param.value != param.default else "", "faint")
        if form is None:
            doc = Cell(f"  {f.clip(self._look.said(param.doc), max(width - _NAME - _VALUE - 14, 0))}", "faint")
            return [name, Cell(f.fit(param.value, _VALUE, "right"), "text"), usual, doc]
        edit, is_here = form.edits[place], place == form.at
        pen = "field-active" if is_here else "field"
        return [
            name,
            Cell("▎" if is_here else " ", "field-mark" if is_here else pen),
            Cell(f.fit(edit.text or f.MISSING, _VALUE, "right"), pen),
            Cell(f"  ({param.default})", "faint"),
        ]

    # ---- the curve

    def _curve_lines(self, width: int, rows: int) -> list[list[Cell]]:
        row, look = self._row, self._look
        if row is None or len(row.curve) < 2:
            return []
        cells = min(width - 4, 60)
        best, drawn = max(row.curve), profit(row.drawdown, row.currency, look, 12)
        head = [Cell(f" {look.word('P&L')}", "strong"), Cell(f"  {look.word('best')} ", "text-dim")]
        head += [
            Cell(look.hidden(f.compact(best, 1, 10_000)), "text"),
            Cell(f"  {look.word('DRAWDOWN')} ", "text-dim"),
            Cell(drawn),
        ]
        return [[], head, *([Cell("  "), *line] for line in curve(row.curve, cells, min(rows, 8)))]


_ANSWER = Cell(" ✕ ", "warning")


def _failed(steps: tuple[Step, ...]) -> Step | None:
    return next((step for step in steps if step.passed is False), None)


def _merged(steps: tuple[Step, ...]) -> list[Step]:
    """Steps with nothing to say behind the answer are one line."""
    kept = [step for step in steps if step.passed is not None or step.value is not None or step.text]
    left = [step.name for step in steps if step not in kept]
    return [*kept, *(Step(name=name) for name in left[:3])]
