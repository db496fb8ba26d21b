"""Acts on the library and on draws (专家办理), one file per noun."""

from mifeng.experts.actions.draws import (
    Asked,
    abort_draw,
    ask_wider,
    commit_pool,
    fix_seed,
    move_draws,
    record_contributions,
    request_draw,
)
from mifeng.experts.actions.library import NewExpert, add_expert, add_experts, restore_expert, suspend_expert
from mifeng.experts.actions.walks import (
    answer_invitation,
    invite_next,
    lapse_invitation,
    mark_conflicts,
    miss_expected,
    record_dispatch,
    seal_roster,
    stand_aside,
)

__all__ = [
    "Asked",
    "NewExpert",
    "abort_draw",
    "add_expert",
    "add_experts",
    "answer_invitation",
    "ask_wider",
    "commit_pool",
    "fix_seed",
    "invite_next",
    "lapse_invitation",
    "mark_conflicts",
    "miss_expected",
    "move_draws",
    "record_contributions",
    "record_dispatch",
    "request_draw",
    "restore_expert",
    "seal_roster",
    "stand_aside",
    "suspend_expert",
]
