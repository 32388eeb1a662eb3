package sandbox

import (
	"context"
	"strconv"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
)

type threePLSystem struct {
	standIn

	system *threepltest.System
}

func startThreePL(ctx context.Context, options Options) (*System, error) {
	system, err := threepltest.Start(context.WithoutCancel(ctx), threepltest.WithListenAddress(options.address()))
	if err != nil {
		return nil, err
	}
	return &System{
		Address: system.URL, Credential: system.ClientID + ":" + system.ClientSecret,
		Options: channels.Options{}.With("customer_id", strconv.FormatInt(threepltest.CustomerID, 10)).
			With("user_login", system.UserLogin).With("tpl", system.TPL),
		// Its orders can be changed as soon as they are there.
		statuses: map[Role]string{Selected: threepl.StatusAllocated, Unselected: threepl.StatusOnHold, Shipped: threepl.StatusClosed},
		backDoor: &threePLSystem{standIn: system.Close, system: system},
	}, nil
}

func (s *threePLSystem) addOrder(_ context.Context, number, status string) error {
	_, err := s.system.AddOrder(number, status)
	return err
}

func (s *threePLSystem) setStatus(_ context.Context, number, status string) error {
	order, found := s.system.Order(number)
	if !found {
		return errNoOrder
	}
	return s.system.SetStatus(order.ID, status)
}

func (s *threePLSystem) effects(_ context.Context, number string) ([]Effect, error) {
	var out []Effect
	for _, e := range s.system.Effects() {
		if e.OrderNumber == number {
			out = append(out, Effect{action(e.Action == threepltest.ActionCancel), some(e.TrackingNumber)})
		}
	}
	return out, nil
}
