package sandbox

import (
	"context"

	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

type restSystem struct {
	standIn

	system *resttest.System
}

func startREST(ctx context.Context, options Options) (*System, error) {
	system, err := resttest.Start(context.WithoutCancel(ctx), resttest.WithListenAddress(options.address()))
	if err != nil {
		return nil, err
	}
	return &System{
		Address: system.URL, Credential: system.Token,
		statuses: map[Role]string{Selected: "Awaiting Shipment", Unselected: "On Hold", Unprocessed: "Unprocessed", Shipped: "Shipped"},
		backDoor: &restSystem{standIn: system.Close, system: system},
	}, nil
}

func (s *restSystem) addOrder(_ context.Context, number, status string) error {
	s.system.AddOrder(number, status)
	return nil
}

func (s *restSystem) setStatus(_ context.Context, number, status string) error {
	order, found := s.system.Order(number)
	if !found {
		return errNoOrder
	}
	return s.system.SetStatus(order.ID, status)
}

func (s *restSystem) effects(_ context.Context, number string) ([]Effect, error) {
	var out []Effect
	for _, e := range s.system.Effects() {
		if e.OrderNumber == number {
			out = append(out, Effect{action(e.Action == resttest.ActionCancel), e.TrackingNumbers})
		}
	}
	return out, nil
}
