"""Korean for orders that go on by themselves, and for auctions and hours that not every venue has."""

from __future__ import annotations

NAMES = {
    "ALGO": "자동",
    "LOC": "종가지정",
    "by itself": "자동 진행",
    "chase": "추격",
    "slice of": "전체 주문",
    "twap": "분할",
}
ALGOS = {
    "CHASE {ticks}/{most}t": "추격 {ticks}/{most}t",
    "CHASE {ticks}/{most}t over": "추격 {ticks}/{most}t 끝",
    "TWAP {sent}/{slices} {done}%": "분할 {sent}/{slices} {done}%",
    "{order} waits: {why}": "{order} 기다림: {why:ko}",
    "{id} goes on: {done}, {left} s are left; no slice is made up at once": (
        "{id} 이어짐: {done:ko}, {left}초 남음. 놓친 것을 한꺼번에 보내지 않습니다"
    ),
    "{id} goes on following: {tag}": "{id} 계속 따라갑니다: {tag}",
    "it went its {most} ticks to {price} and rests there": "{most}틱을 다 써서 {price}에 남습니다",
    "its answer was lost": "응답을 잃었습니다",
    "a cancel was asked for": "취소를 요청했습니다",
    "a move got no answer": "정정에 응답이 없습니다",
    "a move was refused: {why}": "정정이 거부되었습니다: {why:ko}",
    "{who} changed it": "{who:이} 바꾸었습니다",
    "trading is {state}": "거래 상태: {state:ko}",
    "all of it is filled": "모두 체결되었습니다",
    "{what} is over: {done}, {left} left undone": "{what:ko} 끝남: {done:ko}, {left} 남김",
    "its time": "시간이",
    "it was refused too often, which": "거듭 거절되어",
    "what is left is less than {code} takes; its part": "남은 것이 {code}의 최소 주문보다 적어",
    "{filled} of {quantity} filled": "{quantity} 중 {filled} 체결",
    "there is no live quote to follow": "따라갈 실시간 호가가 없습니다",
    "the size of a slice follows its whole: change its price, or cancel the whole": (
        "분할된 주문의 수량은 전체를 따릅니다. 가격을 바꾸거나 전체를 취소하십시오"
    ),
    "the answer of its slice was lost: {orders}": "분할 주문의 응답을 잃었습니다: {orders}",
    "the clock was set back, and slices go on once it is there again": (
        "시계가 뒤로 갔습니다. 그 시각이 다시 되면 이어집니다"
    ),
    "what is sent in slices keeps its terms: cancel it and write what is left anew": (
        "나누어 보내는 주문은 바꿀 수 없습니다. 취소하고 남은 것을 새로 쓰십시오"
    ),
    "{order}: sent in slices": "{order}: 나누어 보냅니다",
    "{order} follows no more: {why}": "{order} 더 따라가지 않음: {why:ko}",
    "{order} is done: {why}": "{order} 완료: {why:ko}",
    "{broker} takes no {kind} orders: {instead}": "{broker:은} {kind} 주문을 받지 않습니다: {instead:ko}",
    "send @mkt or a price while the market is open": "장중에 @mkt나 가격으로 보내십시오",
    "send it in the opening auction as a day order, or @moc for the close": (
        "시가 단일가 때 당일 주문으로 보내거나, 종가는 @moc로 쓰십시오"
    ),
    "send it while the market is open": "장중에 보내십시오",
    "an order cannot be moved there; send @a to take, or cancel and write it anew": (
        "그곳에서는 주문을 정정할 수 없습니다. @a로 받거나, 취소하고 새로 쓰십시오"
    ),
    "the opening auction is past: leave opg out, or send @moc": "시가 단일가가 끝났습니다: opg를 빼거나 @moc로 보내십시오",
    "{count} slices of {size} are too small for {code}: fewer, or one order": (
        "{code}에는 {size}씩 {count}번이 너무 작습니다. 더 적게 나누거나 한 번에 보내십시오"
    ),
}
LINES = {
    "chase= and twap= together: slices follow by themselves, as in @b twap=10m": (
        "chase=와 twap=을 함께 썼습니다: 분할은 @b twap=10m처럼 스스로 따라갑니다"
    ),
    "{word} goes with a limit or @mkt: leave {other} out": "{word:은} 지정가나 @mkt와 씁니다: {other:을} 빼십시오",
    "{word} goes with a limit or a market order: leave it out": "{word:은} 지정가나 시장가와 씁니다. 빼십시오",
    "{word} cannot stand with {other}: leave one out": "{word:은} {other:과} 함께 쓸 수 없습니다: 하나를 빼십시오",
    "{word} has no legs: protect what is held with p": "{word}에는 손절·익절이 없습니다: 보유는 p로 보호하십시오",
    "{word} follows the quote, and {price} does not: write @b, @a, @l or @mid, with ticks as in @b-1": (
        "{word:은} 호가를 따라가는데 {price:은} 아닙니다: @b, @a, @l, @mid, 틱은 @b-1처럼"
    ),
    "{word}: how many ticks may it go? write chase=3t, at most {most}": (
        "{word}: 몇 틱까지입니까? chase=3t처럼, 많아야 {most}"
    ),
    "{word}: over how long? write twap=10m, 90s or 2h ({most})": (
        "{word}: 얼마 동안입니까? twap=10m, 90s, 2h처럼 ({most})"
    ),
    "{quantity} is too little to slice: {least} at least": "{quantity:은} 나누기에 적습니다: {least} 이상",
    "{word} is for one auction: leave {other} out": "{word:은} 단일가 한 번뿐입니다: {other:을} 빼십시오",
    "{word} needs its limit right behind it: {again} 71000": "{word} 바로 뒤에 가격을 쓰십시오: {again} 71000",
    "six digits are always a code: write {word} @{price}": "여섯 자리 숫자는 늘 종목코드입니다: {word} @{price}",
    "po never takes, {time} only takes: leave one out": "po는 받지 않고 {time:은} 받기만 합니다. 하나를 빼십시오",
    "nothing here slices by volume: twap=10m slices evenly over ten minutes": (
        "거래량에 따른 분할은 없습니다: twap=10m은 10분에 걸쳐 고르게 나눕니다"
    ),
    "{word}: options are sl=, tp=, stop=, tr=, chase=, twap= and acct=": (
        "{word}: 옵션은 sl=, tp=, stop=, tr=, chase=, twap=, acct= 입니다"
    ),
}
REMARKS = {
    "limit at the {name}, {price}": "{name:ko} 지정가 {price}",
    "follows the {name} from {low} to {high}": "{name:ko을} 따라감: {low}~{high}",
    "{count} slices of {size}, {where}, one each {seconds} s": "{size:ko}씩 {count}번, {where:ko}, {seconds}초마다",
    "about {size}": "약 {size}",
    "at its limit": "쓴 가격으로",
    "a ticket cannot repeat an order that goes on by itself: press : and Up": (
        "스스로 진행되는 주문은 주문서로 되풀이할 수 없습니다. :와 Up을 누르십시오"
    ),
    "at the {name}": "{name:ko} 지정가",
    "{part}% is kept for costs": "비용으로 {part}% 남김",
    "{word} = {quantity} at {price}": "{word} = {price}에 {quantity}",
    "{word} of {held} = {quantity}": "{held} 중 {word} = {quantity}",
    "{word} = {quantity}, losing {amount}": "{word} = {quantity}, 손실 {amount}",
    "follows {trail} behind the best price": "가장 좋은 가격에서 {trail} 뒤를 따라감",
    "moves {what}": "옮김: {what}",
    "from {held} to {after}": "{held}에서 {after:으로}",
}
"""What was worked out of a line, said beside it while it is typed."""
FAULTS = {
    "a price follows one of {names}, not {name}": "가격은 {names} 중 하나를 따라갑니다. {name} 아님",
    "a peg is at most 999 ticks from its price": "호가와의 거리는 많아야 999틱입니다",
    "a chase goes 1 to {most} ticks, not {ticks}": "추격은 1~{most}틱입니다. {ticks} 아님",
    "slices take {least} s to {most} h": "분할은 {least}초에서 {most}시간까지입니다",
    "it takes at least two slices": "둘 이상으로 나누어야 합니다",
    "slices are at least {seconds} s apart": "분할 간격은 {seconds}초 이상입니다",
    "a slice and a leg have no algo of their own": "나누어진 주문과 보호 주문에는 자동 조건이 없습니다",
    "no algo for a {time} {type} order": "{time} {type} 주문에는 자동 조건이 없습니다",
    "slices have no legs, and only a limit follows a price": "분할에는 손절·익절이 없고, 지정가만 호가를 따라갑니다",
}
GROUPS = (NAMES, ALGOS, LINES, REMARKS, FAULTS)
