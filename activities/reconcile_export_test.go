package activities

import (
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// Query returns what a cursor asks the store for.
func (c ReconcileCursor) Query(until time.Time) bigcommerce.OrdersQuery { return c.query(until) }

// Take goes through an answer.
func (c ReconcileCursor) Take(page []bigcommerce.Order, until time.Time) (fresh []bigcommerce.Order, next ReconcileCursor, done bool, err error) {
	return c.take(page, until)
}

// The spans that tests have to know.
const (
	ReconcileOverlap  = reconcileOverlap
	ReconcileGrace    = reconcileGrace
	ReconcileAhead    = reconcileAhead
	ReconcileDistrust = reconcileDistrust
)
