"""Where an order may be written: a table that passes nothing it does not name, and types that do not mix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.endpoint import Endpoint, assert_endpoint
from core.domain.account import Mode
from core.domain.errors import BrokerError
from core.domain.ids import AccountId, derived_client_order_id
from core.ports import Door, LiveOrder, PaperOrder

KIS = (
    Door(mode=Mode.LIVE, hosts=frozenset({"real.example"}), port=9443, mark="T"),
    Door(mode=Mode.PAPER, hosts=frozenset({"play.example"}), port=29443, mark="V"),
)
IB = (
    *(Door(mode=Mode.LIVE, hosts=frozenset({"127.0.0.1"}), port=p, not_account="DU") for p in (7496, 4001)),
    *(Door(mode=Mode.PAPER, hosts=frozenset({"127.0.0.1"}), port=p, account="DU") for p in (7497, 4002)),
)
VENUES = {"kis": KIS, "ib": IB}
hosts = st.sampled_from(("real.example", "play.example", "127.0.0.1", "real.example.evil", "REAL.example.", ""))
ports = st.sampled_from((9443, 29443, 7496, 4001, 7497, 4002, 443))
names = st.sampled_from(("DU123", "U123", "50068812", "", "dU1"))
marks = st.sampled_from(("TTTC0802U", "VTTC0802U", "", "JTTT"))


def passes(venue: str, host: str, port: int, mode: Mode, name: str, mark: str) -> bool:
    try:
        account = AccountId(f"{venue}:{name}")
        assert_endpoint(VENUES[venue], host=host, port=port, mode=mode, account=account, mark=mark)
    except BrokerError as error:
        assert "nothing was sent" in str(error)
        return False
    return True


@given(st.sampled_from(("kis", "ib")), hosts, ports, st.sampled_from(Mode), names, marks)
def test_an_order_passes_its_own_door_and_no_other(
    venue: str, host: str, port: int, mode: Mode, name: str, mark: str
) -> None:
    """The rule written out by hand, once per venue."""
    if venue == "kis":
        key, wanted = {Mode.LIVE: ("T", ("real.example", 9443)), Mode.PAPER: ("V", ("play.example", 29443))}[mode]
        right = (host.lower().rstrip("."), port) == wanted and mark[:1] == key
    else:
        right = host == "127.0.0.1" and (
            (port in (7496, 4001) and not name.startswith("DU"))
            if mode is Mode.LIVE
            else (port in (7497, 4002) and name.startswith("DU"))
        )
    assert passes(venue, host, port, mode, name, mark) is right
    other = Mode.PAPER if mode is Mode.LIVE else Mode.LIVE
    assert not (right and passes(venue, host, port, other, name, mark))


def test_no_table_and_a_table_that_cannot_tell_are_no_permission() -> None:
    same = tuple(Door(mode=mode, hosts=frozenset({"h"}), port=1) for mode in Mode)
    for doors in ((), same):
        with pytest.raises(BrokerError):
            assert_endpoint(doors, host="h", port=1, mode=Mode.LIVE, account=AccountId("x:1"))


@pytest.mark.parametrize(("made", "wire"), [(PaperOrder, LiveOrder), (LiveOrder, PaperOrder)])
def test_an_order_of_the_other_type_is_not_this_endpoints(
    made: type[PaperOrder | LiveOrder], wire: type[PaperOrder | LiveOrder]
) -> None:
    order = made(client_order_id=derived_client_order_id("a"), account=AccountId("x:1"), digest="d", body=b"")
    assert Endpoint(url="http://h", kind=made, doors=()).own(order) is order
    with pytest.raises(BrokerError, match="nothing was sent"):
        Endpoint(url="http://h", kind=wire, doors=()).own(order)
