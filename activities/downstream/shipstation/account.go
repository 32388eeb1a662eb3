package shipstation

import (
	"context"
	"crypto/sha256"
	"sync"
)

// account is what the adapters of one process that use one API key share.
type account struct {
	quota quota

	mu    sync.Mutex
	gates map[int64]*gate
}

// gate lets one change of one order through at a time.
type gate struct {
	open  chan struct{} // holds one token while nobody is inside
	users int           // inside or waiting
}

// accounts lasts as long as the process: a few bytes for each API key that was
// ever used, and no doubt about how many requests were made with it when a
// channel's adapter is made anew.
var accounts = struct {
	sync.Mutex

	byKey map[[sha256.Size]byte]*account
}{byKey: map[[sha256.Size]byte]*account{}}

// accountOf returns the account of an API key. The key itself is not kept.
func accountOf(baseURL, apiKey string) *account {
	name := sha256.Sum256([]byte(baseURL + "\n" + apiKey))
	accounts.Lock()
	defer accounts.Unlock()
	found, ok := accounts.byKey[name]
	if !ok {
		found = &account{gates: map[int64]*gate{}}
		accounts.byKey[name] = found
	}
	return found
}

// enter waits until no other change of an order is under way in this process.
// It returns what ends the caller's own, or the error of ctx.
func (a *account) enter(ctx context.Context, orderID int64) (leave func(), err error) {
	a.mu.Lock()
	g, ok := a.gates[orderID]
	if !ok {
		g = &gate{open: make(chan struct{}, 1)}
		g.open <- struct{}{}
		a.gates[orderID] = g
	}
	g.users++
	a.mu.Unlock()

	forget := func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if g.users--; g.users == 0 {
			delete(a.gates, orderID)
		}
	}
	select {
	case <-g.open:
		return func() {
			g.open <- struct{}{}
			forget()
		}, nil
	case <-ctx.Done():
		forget()
		return nil, ctx.Err()
	}
}
