package channels

import (
	"bytes"
	"encoding/json"
	"time"
)

// Status is how a channel is doing, as opposed to what it is.
type Status struct {
	// Health is what the last audit found.
	Health Health `json:"health"`
	// Hooks are this channel's hooks as they were last seen.
	Hooks []HookRef `json:"hooks"`
	// ReconciledThrough is the store's time up to which changes of orders have
	// been looked for; the zero time before the first time.
	ReconciledThrough time.Time `json:"reconciled_through,omitzero"`
	// RetireSecretAt is when older versions of the callback secret stop being
	// taken; the zero time when there is none to retire, or when not every
	// hook carries the new one yet.
	RetireSecretAt time.Time `json:"retire_secret_at,omitzero"`
	// Removing is true once the channel has been told to go.
	Removing bool `json:"removing,omitempty"`
}

// HealthState says in a word how the subscriptions of a channel are.
type HealthState string

const (
	// HealthUnknown: no audit has ended yet.
	HealthUnknown HealthState = "unknown"
	// HealthHealthy: every wanted hook is there and right.
	HealthHealthy HealthState = "healthy"
	// HealthDegraded: the hooks work, but something needs somebody.
	HealthDegraded HealthState = "degraded"
	// HealthUnhealthy: webhooks do not come, or cannot be relied on.
	HealthUnhealthy HealthState = "unhealthy"
)

// Health is the health of a channel's subscriptions.
type Health struct {
	// State sums it up.
	State HealthState `json:"state"`
	// CheckedAt is when the last audit ended; the zero time before.
	CheckedAt time.Time `json:"checked_at,omitzero"`
	// Problems are what the last audit left.
	Problems []Finding `json:"problems"`
}

// HookRef is what is remembered of a hook.
type HookRef struct {
	// ID is the hook's id in its store.
	ID int64 `json:"id"`
	// Scope is what it is about.
	Scope string `json:"scope"`
	// ClientID is the API account that it belongs to.
	ClientID string `json:"client_id"`
	// ArmedAt is when it was last made, changed or switched on again, by the
	// store's clock. BigCommerce documents that it switches a hook off after
	// 90 days without activity.
	ArmedAt time.Time `json:"armed_at"`
}

// FindingKind names what is wrong with a subscription.
type FindingKind string

// What an audit can find.
const (
	// FindingMissing: a wanted hook does not exist.
	FindingMissing FindingKind = "missing"
	// FindingOtherAccount: the hook belongs to another API account, whose
	// hooks cannot be seen; a new one is made.
	FindingOtherAccount FindingKind = "other_account"
	// FindingInactive: somebody switched the hook off.
	FindingInactive FindingKind = "inactive"
	// FindingDeactivated: BigCommerce switched the hook off.
	FindingDeactivated FindingKind = "deactivated"
	// FindingWrongDestination: the hook delivers to another address.
	FindingWrongDestination FindingKind = "wrong_destination"
	// FindingMissingSecret: the hook carries no secret of ours.
	FindingMissingSecret FindingKind = "missing_secret"
	// FindingWrongSecret: the hook carries a secret that is not ours.
	FindingWrongSecret FindingKind = "wrong_secret"
	// FindingOldSecret: the hook carries an earlier version of the secret.
	FindingOldSecret FindingKind = "old_secret"
	// FindingDuplicate: there is another hook of ours for the same scope.
	FindingDuplicate FindingKind = "duplicate"
	// FindingUnwanted: a hook of ours that the settings do not want.
	FindingUnwanted FindingKind = "unwanted"
	// FindingTooMany: the API account has more hooks of a scope than the ten
	// that BigCommerce allows.
	FindingTooMany FindingKind = "too_many"
	// FindingQuiet: the hook is about to be switched off for 90 days of
	// silence.
	FindingQuiet FindingKind = "quiet"
	// FindingBlocked: BigCommerce delivers nothing to our domain for some
	// minutes, because too many callbacks failed.
	FindingBlocked FindingKind = "blocked_domain"
	// FindingRevoked: BigCommerce does not accept the access token.
	FindingRevoked FindingKind = "revoked_token"
	// FindingNoScope: the API account lacks a permission.
	FindingNoScope FindingKind = "missing_permission"
	// FindingQuota: the store's request quota was used up.
	FindingQuota FindingKind = "quota_exhausted"
	// FindingRefused: BigCommerce refused a change for another reason.
	FindingRefused FindingKind = "refused"
	// FindingUnavailable: BigCommerce was out of reach, or its answer made
	// no sense.
	FindingUnavailable FindingKind = "unavailable"
	// FindingConnection: another channel connects the same store to the same
	// downstream account.
	FindingConnection FindingKind = "connection_taken"
	// FindingShared: another channel of the same API account has the one hook
	// for delivery exceptions that BigCommerce allows. Nothing is wrong.
	FindingShared FindingKind = "exceptions_shared"
)

// Finding is one thing that an audit found.
type Finding struct {
	// Kind names it.
	Kind FindingKind `json:"kind"`
	// Scope is the scope of the subscription that it is about, if it is about
	// one.
	Scope string `json:"scope,omitempty"`
	// HookID is the hook that it is about, if it is about one.
	HookID int64 `json:"hook_id,omitempty"`
	// Detail says in a sentence what was found.
	Detail string `json:"detail"`
	// Done says in a sentence what was done about it; empty if nothing was.
	Done string `json:"done,omitempty"`
	// Advice says what a person can do about it, if it is left.
	Advice string `json:"advice,omitempty"`
	// Left is true if it still is so.
	Left bool `json:"left,omitempty"`
	// Harmless is true if deliveries do not suffer from it.
	Harmless bool `json:"harmless,omitempty"`
}

// AuditCause says why an audit is made.
type AuditCause string

const (
	// AuditScheduled: it was time.
	AuditScheduled AuditCause = "schedule"
	// AuditRequested: a person asked for it.
	AuditRequested AuditCause = "request"
	// AuditException: BigCommerce reported a callback that it could not
	// deliver.
	AuditException AuditCause = "delivery_exception"
)

// AuditRequest asks for an audit. It is also the input of the Audit workflow.
type AuditRequest struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// Cause says why.
	Cause AuditCause `json:"cause"`
	// Code goes with AuditException: BigCommerce's error code.
	Code int `json:"code,omitempty"`
}

// AuditReport is the result of an audit.
type AuditReport struct {
	// Channel is the id of the sales channel, Revision what its settings were.
	Channel  string `json:"channel"`
	Revision int    `json:"revision"`
	// Cause says why the audit was made.
	Cause AuditCause `json:"cause,omitempty"`
	// Found is all that was not as it should be, in the order in which it was
	// met. Those with Done were dealt with; those with Left still are so.
	Found []Finding `json:"found"`
	// Left are the findings of Found that still are so.
	Left []Finding `json:"left"`
	// Done are the changes that were made in the store, each in a sentence.
	Done []string `json:"done"`
	// Subscribed lists the scopes for which a hook of ours works now.
	Subscribed []string `json:"subscribed"`
	// Hooks are this channel's hooks now.
	Hooks []HookRef `json:"hooks"`
	// Again is after how long the audit must be made again because something
	// could not be finished yet; 0 if it is complete. BigCommerce documents
	// that a new or changed hook can take a minute to work; until then,
	// nothing is deleted in its favor.
	Again Duration `json:"again,omitempty"`
}

// UnmarshalJSON also reads the list of scopes that stood in the place of a
// report before there were audits.
func (r *AuditReport) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		*r = AuditReport{}
		return json.Unmarshal(data, &r.Subscribed)
	}
	type plain AuditReport
	return json.Unmarshal(data, (*plain)(r))
}

// Health returns what the report says of the channel's health.
func (r AuditReport) Health(at time.Time) Health {
	health := Health{State: HealthHealthy, CheckedAt: at, Problems: r.Left}
	for _, finding := range r.Left {
		switch {
		case !finding.Harmless:
			health.State = HealthUnhealthy
		case health.State == HealthHealthy && finding.Kind != FindingShared:
			health.State = HealthDegraded
		}
	}
	return health
}

// RemoveRequest asks a channel to remove its hooks and its schedules and to
// end.
type RemoveRequest struct {
	// By names who asks.
	By string `json:"by"`
	// Force ends the channel even if its hooks cannot be removed.
	Force bool `json:"force,omitempty"`
}

// RemoveResult says what became of a RemoveRequest.
type RemoveResult struct {
	// Left are the problems that stayed behind; not empty only with Force.
	Left []Finding `json:"left"`
}

// RotateRequest asks for a new version of the callback secret.
type RotateRequest struct {
	// By names who asks, for the edit history.
	By string `json:"by"`
}

// Reconciled tells a channel up to when its store has been searched.
type Reconciled struct {
	// From and Through are the first and the last second that were searched,
	// by the store's clock.
	From    time.Time `json:"from,omitzero"`
	Through time.Time `json:"through"`
}

// Delivered tells of a callback that was caused to check an integration.
type Delivered struct {
	// At is when it arrived.
	At time.Time `json:"at"`
}
