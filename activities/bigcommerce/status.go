package bigcommerce

import "fmt"

// StatusID is a BigCommerce order status. The ids are fixed by BigCommerce;
// merchants can only rename the label that they show, so rules compare ids and
// never names.
type StatusID int

// The fifteen order statuses of BigCommerce, by id.
const (
	StatusIncomplete                 StatusID = 0
	StatusPending                    StatusID = 1
	StatusShipped                    StatusID = 2
	StatusPartiallyShipped           StatusID = 3
	StatusRefunded                   StatusID = 4
	StatusCancelled                  StatusID = 5
	StatusDeclined                   StatusID = 6
	StatusAwaitingPayment            StatusID = 7
	StatusAwaitingPickup             StatusID = 8
	StatusAwaitingShipment           StatusID = 9
	StatusCompleted                  StatusID = 10
	StatusAwaitingFulfillment        StatusID = 11
	StatusManualVerificationRequired StatusID = 12
	StatusDisputed                   StatusID = 13
	StatusPartiallyRefunded          StatusID = 14
)

var statusNames = [...]string{
	"Incomplete", "Pending", "Shipped", "Partially Shipped", "Refunded", "Cancelled", "Declined",
	"Awaiting Payment", "Awaiting Pickup", "Awaiting Shipment", "Completed", "Awaiting Fulfillment",
	"Manual Verification Required", "Disputed", "Partially Refunded",
}

// StatusIDs lists the fifteen statuses in the order of their ids.
func StatusIDs() []StatusID {
	ids := make([]StatusID, len(statusNames))
	for i := range ids {
		ids[i] = StatusID(i)
	}
	return ids
}

// Known reports whether s is one of StatusIDs.
func (s StatusID) Known() bool { return s >= 0 && int(s) < len(statusNames) }

// String returns BigCommerce's own name for the status, for example
// "Cancelled", or "status 42" for an id that is not known.
func (s StatusID) String() string {
	if !s.Known() {
		return fmt.Sprintf("status %d", int(s))
	}
	return statusNames[s]
}
