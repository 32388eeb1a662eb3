// Package operator is what operators can do with sales channels. The commands
// and the operator API are two ways to it.
package operator

import (
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// Service works on the sales channels of one installation.
type Service struct {
	temporal  client.Client
	namespace string
	keeper    *seal.Keeper
	drivers   downstream.Drivers
}

// New returns a Service. The keeper seals the credentials that are saved, and
// the drivers are the kinds of downstream systems that channels can name.
func New(temporal client.Client, namespace string, keeper *seal.Keeper, drivers downstream.Drivers) *Service {
	return &Service{temporal: temporal, namespace: namespace, keeper: keeper, drivers: drivers}
}
