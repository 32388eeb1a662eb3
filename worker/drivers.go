package worker

import (
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
	"github.com/orderbridge/orderbridge/activities/downstream/rest"
	"github.com/orderbridge/orderbridge/activities/downstream/shipstation"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
)

// Drivers returns every kind of downstream system that a channel can name, in
// the order in which a person should see them.
func Drivers() downstream.Drivers {
	return downstream.Drivers{
		rest.Driver(), threepl.Driver(), ordermanager.Driver(), shipstation.Driver(), vendure.Driver(),
	}
}
