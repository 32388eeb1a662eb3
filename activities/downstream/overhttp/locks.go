package overhttp

import (
	"context"
	"sync"
)

// Locks lets one change of one order through at a time, in this process. The
// zero Locks is ready for use; all adapters of one account should share it.
type Locks struct {
	mu    sync.Mutex
	gates map[string]*gate
}

// gate is held by whoever changes an order. users counts those who hold it or
// wait for it.
type gate struct {
	held  chan struct{}
	users int
}

// Lock waits until nobody else in this process holds the order. It returns what
// lets the next one in, or the error of ctx.
func (l *Locks) Lock(ctx context.Context, orderID string) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if l.gates == nil {
		l.gates = map[string]*gate{}
	}
	g, ok := l.gates[orderID]
	if !ok {
		g = &gate{held: make(chan struct{}, 1)}
		l.gates[orderID] = g
	}
	g.users++
	l.mu.Unlock()

	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if g.users--; g.users == 0 {
			delete(l.gates, orderID)
		}
	}
	select {
	case g.held <- struct{}{}:
		return func() { <-g.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
