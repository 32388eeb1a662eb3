package threepltest

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"time"
)

// cancelOrder answers POST /orders/{id}/canceler. Documented: If-Match and
// reason are required; 204.
func (s *System) cancelOrder(r *http.Request) answer {
	var body struct {
		Charge *float64 `json:"charge"`
		Reason string   `json:"reason"`
	}
	return s.change(r, &body, func(o *order) (answer, Effect) {
		switch {
		case body.Reason == "":
			return badBody("Reason", "Required"), Effect{}
		case o.Status != statusOpen:
			return operation(ended(o)), Effect{}
		case o.Completed:
			return operation("AlreadyCompleted"), Effect{} // Documented code. Guessed: for a cancellation.
		}
		s.move(o, func(in *Order) { in.Status = statusCanceled })
		return done(), Effect{Action: ActionCancel, Reason: body.Reason}
	})
}

// confirmOrder answers POST /orders/{id}/confirmer. Documented: If-Match is
// required; 204; a date must not lie in the future; the order must be fully
// allocated. Inferred: an absent date is the present one. Guessed: an order on
// hold can be confirmed.
func (s *System) confirmOrder(r *http.Request) answer {
	var body struct {
		BillOfLading      string `json:"billOfLading"`
		ConfirmDate       string `json:"confirmDate"`
		RecalcAutoCharges bool   `json:"recalcAutoCharges"`
		TrackingNumber    string `json:"trackingNumber"`
	}
	return s.change(r, &body, func(o *order) (answer, Effect) {
		switch {
		case o.Status != statusOpen:
			return operation(ended(o)), Effect{}
		case !o.FullyAllocated:
			return operation("NotFullyAllocated"), Effect{}
		case body.ConfirmDate != "":
			at, err := time.Parse("2006-01-02T15:04:05", body.ConfirmDate)
			if err != nil {
				return badBody("ConfirmDate", "ValueNotSupported"), Effect{}
			}
			if at.After(s.now().UTC()) {
				return operation("DateInFuture"), Effect{}
			}
		}
		s.move(o, func(in *Order) { in.Status = statusClosed })
		return done(), Effect{
			Action: ActionConfirm, Recalculated: body.RecalcAutoCharges, TrackingNumber: body.TrackingNumber,
		}
	})
}

// ended is the code for an order that is not open. Documented codes.
func ended(o *order) string {
	if o.Status == statusCanceled {
		return "OrderCanceled"
	}
	return "OrderConfirmed"
}

// change checks the form of a request and carries it out at once. Documented:
// 404, 428, 412 and 400. Guessed: the order in which they are looked for, what of
// a body is beyond its form being looked at last; and that "*" is a version like
// any other, and not the current one.
func (s *System) change(r *http.Request, body any, work func(*order) (answer, Effect)) answer {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil || !isJSON(r) || json.Unmarshal(raw, body) != nil {
		return badBody("", "ValueNotSupported")
	}
	s.faults.switches.BeforeChange(r.PathValue("id"))

	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.byID(r.PathValue("id"))
	if o == nil {
		return empty(http.StatusNotFound)
	}
	switch tag := r.Header.Get("If-Match"); tag {
	case "":
		return empty(http.StatusPreconditionRequired)
	case o.Version:
	default:
		return empty(http.StatusPreconditionFailed)
	}
	result, effect := work(o)
	if effect.Action != "" {
		effect.At, effect.OrderID, effect.OrderNumber = s.now(), o.ID, o.Number
		s.effects = append(s.effects, effect)
		close(s.changed)
		s.changed = make(chan struct{})
	}
	return result
}

// isJSON reports whether a request's body is announced as JSON. Documented:
// application/hal+json is recommended, application/json is taken.
func isJSON(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (mediaType == "application/json" || mediaType == "application/hal+json")
}
