package sandbox

import (
	"context"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// vendureSystem is the real Vendure.
type vendureSystem struct{ server *venduretest.Server }

func startVendure(ctx context.Context, options Options) (*System, error) {
	server, err := venduretest.Start(ctx, venduretest.Options{
		Dir: options.Dir, ListenAddress: options.address(), Progress: options.Progress,
	})
	if err != nil {
		return nil, err
	}
	return &System{
		Address: server.URL, Credential: server.AdapterPassword,
		Options: channels.Options{}.With("username", server.AdapterUsername),
		statuses: map[Role]string{
			Selected: "PaymentSettled", Unselected: "PaymentAuthorized", Unprocessed: "ArrangingPayment", Shipped: "Shipped",
		},
		backDoor: &vendureSystem{server},
	}, nil
}

func (s *vendureSystem) addOrder(ctx context.Context, number, status string) error {
	return s.server.AddOrder(ctx, number, status)
}

func (s *vendureSystem) setStatus(ctx context.Context, number, status string) error {
	return s.server.SetState(ctx, number, status)
}

func (s *vendureSystem) effects(ctx context.Context, number string) ([]Effect, error) {
	effects, err := s.server.Effects(ctx, number)
	if err != nil {
		return nil, err
	}
	var out []Effect
	for _, e := range effects {
		made := Effect{action(e.Action == venduretest.Cancelled), e.TrackingCodes}
		for range e.Fulfillments - 1 {
			// One that was made twice must not pass for one.
			out = append(out, Effect{Action: Fulfilled})
		}
		out = append(out, made)
	}
	return out, nil
}

func (s *vendureSystem) done() <-chan struct{} { return s.server.Done() }

func (s *vendureSystem) err() error { return s.server.Err() }

func (s *vendureSystem) stop() error { return s.server.Close() }
