package downstreamtest

import "slices"

// Fault names something that goes wrong between an adapter and its system. Each
// concerns the next request of its Step only, unless it says that it lasts.
type Fault string

const (
	// FaultForbidden: the credentials lack the permission.
	FaultForbidden Fault = "forbidden"
	// FaultGarbage: the request is not carried out; the answer reports
	// success and is unreadable.
	FaultGarbage Fault = "garbage"
	// FaultHalfAnswer: the request is not carried out; the answer breaks off.
	FaultHalfAnswer Fault = "half answer"
	// FaultHollowSuccess: the answer reports success, or hides a failure
	// inside of one, and nothing was carried out. Only for OnWrite.
	FaultHollowSuccess Fault = "hollow success"
	// FaultIgnoredFilter lasts: searches answer every order.
	FaultIgnoredFilter Fault = "ignored filter"
	// FaultInUse: somebody else holds the order. Only for OnWrite.
	FaultInUse Fault = "in use"
	// FaultLate: the request is carried out, and answered as soon as Heal is
	// called.
	FaultLate Fault = "late"
	// FaultLostAnswer: the request is carried out and its answer is lost.
	FaultLostAnswer Fault = "lost answer"
	// FaultRateLimited: too many requests.
	FaultRateLimited Fault = "rate limited"
	// FaultRevoked lasts: the credentials are not accepted, and cannot be
	// renewed.
	FaultRevoked Fault = "revoked"
	// FaultServerError: the system fails and carries nothing out.
	FaultServerError Fault = "server error"
	// FaultSilent: the request is not carried out and never answered.
	FaultSilent Fault = "silent"
	// FaultSilentAfterCommit: the request is carried out and never answered.
	// Its signal comes when it has been carried out. Only for OnWrite.
	FaultSilentAfterCommit Fault = "silent after commit"
	// FaultStaleRead: the next read shows the order as it was before its last
	// change. Only for OnRead.
	FaultStaleRead Fault = "stale read"
	// FaultSubstringFilter lasts: searches answer every order whose number
	// contains the one that is asked for, without regard to case.
	FaultSubstringFilter Fault = "substring filter"
	// FaultTokenExpired: the credentials are refused once; renewing them
	// helps. Only adapters that renew credentials have it.
	FaultTokenExpired Fault = "token expired"
	// FaultWrongContentType: a read is answered as something other than what
	// the system speaks, as a proxy's login page is. Only for OnRead.
	FaultWrongContentType Fault = "wrong content type"
)

// Faults lists every fault. An adapter whose stand-in knows all that can happen
// to it can compare its Capabilities with them.
func Faults() []Fault {
	return []Fault{
		FaultForbidden, FaultGarbage, FaultHalfAnswer, FaultHollowSuccess, FaultIgnoredFilter, FaultInUse,
		FaultLate, FaultLostAnswer, FaultRateLimited, FaultRevoked, FaultServerError, FaultSilent, FaultSilentAfterCommit,
		FaultStaleRead, FaultSubstringFilter, FaultTokenExpired, FaultWrongContentType,
	}
}

// Step is which request a fault concerns.
type Step string

const (
	// OnRead is the next request that only reads.
	OnRead Step = "read"
	// OnWrite is the next request that changes an order. Where a change takes
	// several, it is the one after which the system shows the change.
	OnWrite Step = "write"
)

// knows reports whether a fault can be injected.
func (c Capabilities) knows(fault Fault) bool { return slices.Contains(c.Faults, fault) }
