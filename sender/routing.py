"""Over which route a message goes: by its number, and by which routes are up. What is in flight never moves."""

import math
from collections.abc import Container, Iterable, Mapping, Sequence

from domain.rules.route import Route
from sender.smpp import Encoder, References


class Routing:
    """
    The first route takes what no prefix of another names; a route that is only named as a failover takes nothing else.

    Args:
        routes: In order; the first is the default.

    Attributes:
        closed: Routes of which other senders hold all binds: what goes over them is theirs.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = {route.name: route for route in routes}
        self._default = next((route.name for route in routes if not route.prefixes), routes[0].name)
        self._by_prefix = sorted(
            ((prefix, route.name) for route in routes for prefix in route.prefixes), key=lambda one: -len(one[0])
        )
        self.closed: frozenset[str] = frozenset()
        self._down_s: dict[str, float] = {}  # routes that cannot be used, and since when
        references = References()
        own = {self._default, *(name for _, name in self._by_prefix)}
        self._targets = {name: name for name in self._routes if name in own}
        self.encoders = {name: Encoder(self._routes[name], references=references) for name in self._reachable(own)}

    def _reachable(self, names: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        for first in names:
            name = first
            while name in self._routes and name not in found:
                found[name] = None
                name = self._routes[name].failover
        return [name for name in self._routes if name in found]

    def lane(self, msisdn: int) -> str:
        """The name of the route that a message to this number goes over now."""
        if not self._by_prefix:
            return self._targets[self._default]
        digits = str(msisdn)
        home = next((name for prefix, name in self._by_prefix if digits.startswith(prefix)), self._default)
        return self._targets[home]

    def update(self, usable: Mapping[str, bool], *, refused: Container[str] = frozenset(), now: float) -> set[str]:
        """
        Look at the routes again.

        Args:
            usable: Whether a route could take a submit: a link is bound, and it does not rest.
            refused: Routes that are not let in: nothing is to be hoped for, they are stood in for at once.
            now: Monotonic seconds.

        Returns:
            Routes over which something went that goes over another one from now on.
        """
        for name, well in usable.items():
            if well:
                self._down_s.pop(name, None)
            elif name in refused:
                self._down_s[name] = -math.inf
            else:
                self._down_s.setdefault(name, now)
        changed: set[str] = set()
        for home, before in self._targets.items():
            after = self._target(home, now)
            if after != before:
                self._targets[home] = after
                changed.add(before)
        return changed

    def _target(self, home: str, now: float) -> str:
        """The first of the chain that is up; home itself, where none is, or where it has not been down long enough."""
        name, seen = home, {home}
        while self._is_down(name, now):
            name = self._routes[name].failover
            if name not in self._routes or name in seen:
                return home
            seen.add(name)
            if name not in self._down_s:
                return name
        return name

    def _is_down(self, name: str, now: float) -> bool:
        since_s = self._down_s.get(name)
        return since_s is not None and now - since_s >= self._routes[name].failover_s
