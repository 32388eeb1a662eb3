package threepl

import (
	"slices"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

// exception is an error answer of the API, reduced to what can be trusted: a
// code that the vendor documents. Its hint could quote anything.
type exception struct {
	code      string
	operation bool
}

// refusal is what one of the documented codes of an OperationException means.
type refusal struct {
	detail, advice string
	// final says that the code claims an order to be closed or canceled.
	final bool
}

const codeInUse = "InUse"

// refusals are the codes of an OperationException that the vendor documents.
// Each comes with 403, as a missing role does.
var refusals = map[string]refusal{
	codeInUse:                {detail: "somebody else holds the order", advice: "try again shortly"},
	"AlreadyCompleted":       {detail: "the warehouse has completed the order", advice: "tell the warehouse; the order can no longer be changed from here"},
	"DateBeforeFreeze":       {detail: "the warehouse's books are closed for this date", advice: "let the warehouse close the order"},
	"DateInFuture":           {detail: "the date lies in the warehouse's future", advice: "let the warehouse close the order"},
	"FullyAllocated":         {detail: "the order is fully allocated", advice: "look at the order in 3PL Warehouse Manager"},
	"MixedFacilitiesInBatch": {detail: "the order's batch spans facilities", advice: "take the order out of its batch"},
	"NotFullyAllocated": {
		detail: "the order is not fully allocated",
		advice: "allocate it in 3PL Warehouse Manager, or do not select " + StatusUnallocated + " for fulfillments",
	},
	"OrderCanceled":        {detail: "the order is canceled", advice: "look at the order in 3PL Warehouse Manager", final: true},
	"OrderConfirmed":       {detail: "the order is closed", advice: "tell the warehouse; the parcel may have left", final: true},
	"OrderNotConfirmed":    {detail: "the order is not closed", advice: "look at the order in 3PL Warehouse Manager"},
	"Unallocated":          {detail: "the order is not allocated", advice: "allocate it in 3PL Warehouse Manager"},
	"WrongCustomerInBatch": {detail: "the order's batch is another customer's", advice: "take the order out of its batch"},
}

// validations are the documented codes of the exceptions that come with 400.
var validations = map[string]bool{
	"DoesNotExist": true, "Duplicate": true, "Incompatible": true, "NotParsable": true, "Required": true,
	"ValueNotSupported": true,
}

// exceptionOf reads an error answer. What is not in the documented form, or has
// a code that is not documented, keeps no text.
func exceptionOf(ans overhttp.Answer) exception {
	if ans.OK() || !slices.Contains(mediaTypes, ans.MediaType) {
		return exception{}
	}
	var wire struct {
		Type      string `json:"$type"`
		ErrorCode string `json:"ErrorCode"`
	}
	if ans.JSON(&wire) != nil {
		return exception{}
	}
	_, known := refusals[wire.ErrorCode]
	e := exception{
		// The code counts as well as the type: none of them is one of another
		// exception's.
		operation: known || strings.Contains(wire.Type, ".OperationException"),
	}
	if known || validations[wire.ErrorCode] {
		e.code = wire.ErrorCode
	}
	return e
}

// refusal is what the exception means.
func (e exception) refusal() refusal {
	if r, ok := refusals[e.code]; ok {
		r.detail += " (" + e.code + ")"
		return r
	}
	return refusal{
		detail: "the order's state does not allow it, for a reason that is not documented",
		advice: "look at the order in 3PL Warehouse Manager",
	}
}
