// Package exampletest is a stand-in for Binrow, the system of package example: a
// real HTTP server on the loopback, with a back door for tests and with faults
// on demand.
//
// Stand-ins for systems that exist say in a FIDELITY.md how true they are.
package exampletest

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"

	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest/standin"
)

// Warehouse is where the orders are that AddOrder adds.
const Warehouse = 12

// Private stands in every error of a System, for what must not be repeated.
const Private = "Grace Hopper, 1 Harbour Road"

const name = "stand-in for Binrow"

// System is a running stand-in. It is safe for concurrent use.
type System struct {
	*standin.Server

	// Key is the API key that it accepts.
	Key string
	// Faults make it misbehave.
	Faults Faults

	mu     sync.Mutex
	orders []*order
}

// Start starts a System on an address, for example "127.0.0.1:0" for any free
// port. It runs until Close is called or ctx ends.
func Start(ctx context.Context, address string) (*System, error) {
	server, err := standin.Listen(ctx, name, address, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	s := &System{Server: server, Key: rand.Text()}
	server.Serve(ctx, s.routes())
	return s, nil
}

// New starts a System that lasts as long as the test.
func New(tb standin.TB) *System {
	tb.Helper()
	return standin.New(tb, name, func(ctx context.Context) (*System, error) { return Start(ctx, "127.0.0.1:0") })
}

// Effect is a change that came through the API.
type Effect struct {
	// State is the one that the order came into.
	State string
	// TrackingNumbers came with it.
	TrackingNumbers []string
}

// order is an order, and what it was before its last change.
type order struct {
	is, was view
	effects []Effect
}

// view is an order as the API shows it.
type view struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	State     string `json:"state"`
	Version   int64  `json:"version"`
	Warehouse int64  `json:"warehouse"`
	Customer  string `json:"customer"`
}

func (o *order) move(state string) {
	o.was = o.is
	o.is.State = state
	o.is.Version++
}

// AddOrder adds an order of this number. Two orders can have one number.
func (s *System) AddOrder(number, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := view{"B-" + strconv.Itoa(len(s.orders)+1), number, state, 1, Warehouse, Private}
	s.orders = append(s.orders, &order{is: is, was: is})
}

// SetState changes the first order of this number, as a user would. It fails
// when there is none.
func (s *System) SetState(number, state string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.orders, func(o *order) bool { return o.is.Reference == number })
	if i < 0 {
		return errors.New("there is no such order")
	}
	s.orders[i].move(state)
	return nil
}

// Effects returns what was done through the API to the orders of this number,
// oldest first.
func (s *System) Effects(number string) []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Effect
	for _, o := range s.orders {
		if o.is.Reference == number {
			all = append(all, o.effects...)
		}
	}
	return all
}
