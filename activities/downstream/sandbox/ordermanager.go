package sandbox

import (
	"context"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager/ordermanagertest"
)

type orderManagerSystem struct {
	standIn

	system *ordermanagertest.System
}

func startOrderManager(ctx context.Context, options Options) (*System, error) {
	system, err := ordermanagertest.Start(context.WithoutCancel(ctx), ordermanagertest.WithListenAddress(options.address()))
	if err != nil {
		return nil, err
	}
	return &System{
		Address: system.URL, Credential: system.Token,
		Options: channels.Options{}.With("sales_channel_id", strconv.FormatInt(ordermanagertest.SalesChannelID, 10)).
			// The limit is for the vendor's sake.
			With("requests_per_second", "500"),
		statuses: map[Role]string{
			Selected: "Awaiting Shipment", Unselected: "On Hold", Unprocessed: "SKU Unprocessed", Shipped: "Shipped",
		},
		backDoor: &orderManagerSystem{standIn: system.Close, system: system},
	}, nil
}

// codeOf is what the API calls a status: "AWAITING_SHIPMENT".
func codeOf(status string) string { return strings.ReplaceAll(strings.ToUpper(status), " ", "_") }

func (s *orderManagerSystem) addOrder(_ context.Context, number, status string) error {
	s.system.AddOrder(number, codeOf(status))
	return nil
}

func (s *orderManagerSystem) setStatus(_ context.Context, number, status string) error {
	order, found := s.system.Order(number)
	if !found {
		return errNoOrder
	}
	return s.system.SetStatus(order.ID, codeOf(status))
}

func (s *orderManagerSystem) effects(_ context.Context, number string) ([]Effect, error) {
	var out []Effect
	for _, e := range s.system.Effects() {
		if e.OrderNumber != number {
			continue
		}
		var numbers []string
		for _, shipment := range e.Shipments {
			numbers = append(numbers, some(shipment.TrackingNumber)...)
		}
		out = append(out, Effect{action(e.Action == ordermanagertest.ActionCancel), numbers})
	}
	return out, nil
}
