"""A directed graph with labelled edges, its strongly connected components and its cycles."""

import collections


class Graph:
    """Nodes are integers; an edge has a kind and a reason. Several edges may join two nodes."""

    def __init__(self, nodes):
        self.out = [[] for _ in range(nodes)]

    def add_node(self):
        self.out.append([])
        return len(self.out) - 1

    def add(self, source, target, kind, reason=None):
        if source != target:
            self.out[source].append((target, kind, reason))

    def components(self, nodes=None, kinds=None):
        """Strongly connected components of more than one node (Tarjan 1972, without recursion)."""
        allowed = None if nodes is None else set(nodes)
        index, low = {}, {}
        on_stack, stack, found = set(), [], []
        counter = 0
        for root in range(len(self.out)) if allowed is None else sorted(allowed):
            if root in index:
                continue
            index[root] = low[root] = counter
            counter += 1
            stack.append(root)
            on_stack.add(root)
            work = [(root, iter(self.out[root]))]
            while work:
                node, edges = work[-1]
                for target, kind, _ in edges:
                    if kinds is not None and kind not in kinds:
                        continue
                    if allowed is not None and target not in allowed:
                        continue
                    if target not in index:
                        index[target] = low[target] = counter
                        counter += 1
                        stack.append(target)
                        on_stack.add(target)
                        work.append((target, iter(self.out[target])))
                        break
                    if target in on_stack and index[target] < low[node]:
                        low[node] = index[target]
                else:
                    work.pop()
                    if work and low[node] < low[work[-1][0]]:
                        low[work[-1][0]] = low[node]
                    if low[node] == index[node]:
                        component = []
                        while True:
                            member = stack.pop()
                            on_stack.discard(member)
                            component.append(member)
                            if member == node:
                                break
                        if len(component) > 1:
                            found.append(component)
        return found

    def path(self, start, goal, nodes, kinds):
        """A shortest path as a list of (source, target, kind, reason), or None."""
        came = {start: None}
        queue = collections.deque([start])
        while queue:
            node = queue.popleft()
            for target, kind, reason in self.out[node]:
                if kind not in kinds or target not in nodes or target in came:
                    continue
                came[target] = (node, target, kind, reason)
                if target == goal:
                    return self._walk_back(came, goal)
                queue.append(target)
        return None

    @staticmethod
    def _walk_back(came, goal):
        edges, node = [], goal
        while came[node] is not None:
            edges.append(came[node])
            node = came[node][0]
        return edges[::-1]

    def cycle(self, component, kinds, first_kinds=None, attempts=200):
        """A short cycle in the component: its first edge of `first_kinds`, the rest of `kinds`."""
        nodes = set(component)
        best = None
        tried = 0
        for source in component:
            for target, kind, reason in self.out[source]:
                if target not in nodes or kind not in (first_kinds or kinds):
                    continue
                rest = self.path(target, source, nodes, kinds)
                tried += 1
                if rest is not None and (best is None or len(rest) + 1 < len(best)):
                    best = [(source, target, kind, reason), *rest]
                if tried >= attempts and (best is not None or tried >= 20 * attempts):
                    return best
        return best
