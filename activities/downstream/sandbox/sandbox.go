// Package sandbox runs an order system of any kind that channels can name on
// this machine: for the development run, and for tests of the whole way from a
// webhook to its effect.
//
// One of them, Vendure, is the real system. The others are stand-ins; how true
// each is stands in its FIDELITY.md.
package sandbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// Role is what a status is for in a story, whatever the system calls it.
type Role int

const (
	// Selected is the status in which orders may be cancelled and fulfilled.
	Selected Role = iota
	// Unselected is one in which they could be, but the merchant did not
	// select it.
	Unselected
	// Unprocessed is one that is waited for. Not every system has one: see
	// System.Waits.
	Unprocessed
	// Shipped is that of an order that has left.
	Shipped
)

// Action is what was done to an order.
type Action string

const (
	// Cancelled is a cancellation.
	Cancelled Action = "cancelled"
	// Fulfilled is a fulfillment.
	Fulfilled Action = "fulfilled"
)

// Effect is one change that was made through the system's API by others than
// the System's own methods.
type Effect struct {
	// Action is what was done.
	Action Action
	// TrackingNumbers are those that came with it, in their order.
	TrackingNumbers []string
}

// Options say how a system is to run.
type Options struct {
	// Dir is an empty directory for systems that keep something. It must
	// outlast the System. Required.
	Dir string
	// ListenAddress is the preferred host:port. Default any free port of
	// 127.0.0.1.
	ListenAddress string
	// Progress is told of whatever takes time, in lines. Default none.
	Progress func(format string, args ...any)
}

// System is a running order system. Its methods can be used from several
// goroutines.
type System struct {
	// Kind is the name by which channels know it.
	Kind string
	// Address is where its API answers.
	Address string
	// Credential is what a channel's token has to be, in the clear.
	Credential string
	// Options are those of a channel that is connected to it.
	Options channels.Options

	statuses map[Role]string
	backDoor
}

// backDoor is what each kind has of its own. A status is called by the name
// that the kind's adapter has for it.
type backDoor interface {
	// addOrder adds an order of this number.
	addOrder(ctx context.Context, number, status string) error
	// setStatus changes the one order of this number.
	setStatus(ctx context.Context, number, status string) error
	// effects lists what was done to the orders of this number, oldest first.
	effects(ctx context.Context, number string) ([]Effect, error)
	// done is closed when the system ended by itself; nil if it cannot.
	done() <-chan struct{}
	// err says why it ended.
	err() error
	// stop ends it.
	stop() error
}

// starters start a system of each kind.
var starters = map[string]func(context.Context, Options) (*System, error){
	"ordermanager": startOrderManager,
	"rest":         startREST,
	"shipstation":  startShipStation,
	"threepl":      startThreePL,
	"vendure":      startVendure,
}

// Kinds lists what can be started, by name.
func Kinds() []string { return slices.Sorted(maps.Keys(starters)) }

// Start starts a system of this kind. ctx bounds the start; the system runs
// until Close, or until this process ends.
func Start(ctx context.Context, kind string, options Options) (*System, error) {
	start, known := starters[kind]
	if !known {
		return nil, fmt.Errorf("there is no order system %q: there are %s", kind, strings.Join(Kinds(), ", "))
	}
	if options.Progress == nil {
		options.Progress = func(string, ...any) {}
	}
	system, err := start(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("order system %s: %w", kind, err)
	}
	system.Kind = kind
	return system, nil
}

// Status is the name of the status that has this role, as channels select it;
// "" if the system has none.
func (s *System) Status(role Role) string { return s.statuses[role] }

// Waits reports whether the system has a status that is waited for.
func (s *System) Waits() bool { return s.statuses[Unprocessed] != "" }

// AddOrder adds an order of this number. Two orders may have one number, where
// the system allows it.
func (s *System) AddOrder(ctx context.Context, number string, role Role) error {
	if err := s.addOrder(ctx, number, s.statuses[role]); err != nil {
		return fmt.Errorf("order system %s: add order %s: %w", s.Kind, number, err)
	}
	return nil
}

// SetStatus changes the one order of this number, as a user of the system
// would.
func (s *System) SetStatus(ctx context.Context, number string, role Role) error {
	if err := s.setStatus(ctx, number, s.statuses[role]); err != nil {
		return fmt.Errorf("order system %s: set order %s to %q: %w", s.Kind, number, s.statuses[role], err)
	}
	return nil
}

// Effects returns what was done to the orders of this number, oldest first.
func (s *System) Effects(ctx context.Context, number string) ([]Effect, error) {
	effects, err := s.effects(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("order system %s: look at order %s: %w", s.Kind, number, err)
	}
	return effects, nil
}

// Done is closed when the system has ended by itself. It is nil for one that
// does not.
func (s *System) Done() <-chan struct{} { return s.done() }

// Err says why the system ended by itself.
func (s *System) Err() error { return s.err() }

// Close ends the system.
func (s *System) Close() error { return s.stop() }
