package sandbox

import (
	"context"
	"fmt"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream/shipstation/shipstationtest"
)

type shipStationSystem struct {
	standIn

	system *shipstationtest.System
}

func startShipStation(ctx context.Context, options Options) (*System, error) {
	system, err := shipstationtest.Start(context.WithoutCancel(ctx), shipstationtest.WithListenAddress(options.address()),
		// The limit of 40 requests a minute is ShipStation's own; waiting for it
		// shows nothing here.
		shipstationtest.WithLimit(60_000))
	if err != nil {
		return nil, err
	}
	return &System{
		Address: system.URL, Credential: system.APIKey + ":" + system.APISecret,
		statuses: map[Role]string{
			Selected: "Awaiting Shipment", Unselected: "On Hold", Unprocessed: "Pending Fulfillment", Shipped: "Shipped",
		},
		backDoor: &shipStationSystem{standIn: system.Close, system: system},
	}, nil
}

// wireName is what the API calls a status: "awaiting_shipment".
func wireName(status string) string { return strings.ReplaceAll(strings.ToLower(status), " ", "_") }

func (s *shipStationSystem) addOrder(_ context.Context, number, status string) error {
	s.system.AddOrder(number, wireName(status))
	return nil
}

func (s *shipStationSystem) setStatus(_ context.Context, number, status string) error {
	ids := s.system.IDs(number)
	if len(ids) != 1 {
		return fmt.Errorf("%d orders have this number", len(ids))
	}
	return s.system.SetStatus(ids[0], wireName(status))
}

func (s *shipStationSystem) effects(_ context.Context, number string) ([]Effect, error) {
	var out []Effect
	for _, e := range s.system.Effects() {
		switch {
		case e.OrderNumber != number:
		case e.Action == shipstationtest.ActionCancel, e.Action == shipstationtest.ActionShip:
			out = append(out, Effect{action(e.Action == shipstationtest.ActionCancel), some(e.Parcel.TrackingNumber)})
		default:
			out = append(out, Effect{Action: Action(e.Action)}) // one that there should not be
		}
	}
	return out, nil
}
