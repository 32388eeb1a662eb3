// Package operator is what operators can do with sales channels. The commands
// and the operator API are two ways to it.
package operator

import (
	"go.temporal.io/sdk/client"

	"github.com/orderbridge/orderbridge/activities/seal"
)

// Service works on the sales channels of one installation.
type Service struct {
	temporal  client.Client
	namespace string
	keeper    *seal.Keeper
}

// New returns a Service. The keeper seals the credentials that are saved.
func New(temporal client.Client, namespace string, keeper *seal.Keeper) *Service {
	return &Service{temporal: temporal, namespace: namespace, keeper: keeper}
}
