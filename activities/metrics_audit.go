package activities

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// Results of an audit, and of a finding.
const (
	auditHealthy = "healthy" // nothing was wrong
	auditMended  = "mended"  // all that was wrong was dealt with
	auditLeft    = "left"    // something still is wrong
)

// findingKinds are all kinds of findings, so that each is there at zero.
var findingKinds = []channels.FindingKind{
	channels.FindingMissing, channels.FindingOtherAccount, channels.FindingInactive, channels.FindingDeactivated,
	channels.FindingWrongDestination, channels.FindingMissingSecret, channels.FindingWrongSecret, channels.FindingOldSecret,
	channels.FindingDuplicate, channels.FindingUnwanted, channels.FindingTooMany, channels.FindingQuiet,
	channels.FindingBlocked, channels.FindingRevoked, channels.FindingNoScope, channels.FindingQuota,
	channels.FindingRefused, channels.FindingUnavailable, channels.FindingConnection, channels.FindingShared,
}

// auditMetrics counts audits and what they find.
type auditMetrics struct {
	audits   *prometheus.CounterVec
	findings *prometheus.CounterVec
}

func newAuditMetrics() auditMetrics {
	m := auditMetrics{
		audits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_audits_total",
			Help: "Audits of subscriptions that came to an end, by result (healthy, mended, left).",
		}, []string{"result"}),
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_audit_findings_total",
			Help: "What audits of subscriptions found, by kind and result (mended, left).",
		}, []string{"kind", "result"}),
	}
	for _, result := range []string{auditHealthy, auditMended, auditLeft} {
		m.audits.WithLabelValues(result)
	}
	for _, kind := range findingKinds {
		for _, result := range []string{auditMended, auditLeft} {
			m.findings.WithLabelValues(string(kind), result)
		}
	}
	return m
}

func (m auditMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.audits, m.findings}
}

// audited counts an audit that came to an end.
func (m *Metrics) audited(report channels.AuditReport) {
	if m == nil {
		return
	}
	result := auditHealthy
	for _, finding := range report.Found {
		if !finding.Left {
			m.audit.findings.WithLabelValues(string(finding.Kind), auditMended).Inc()
			if result == auditHealthy {
				result = auditMended
			}
			continue
		}
		m.audit.findings.WithLabelValues(string(finding.Kind), auditLeft).Inc()
		if finding.Kind != channels.FindingShared { // with which nothing is wrong
			result = auditLeft
		}
	}
	m.audit.audits.WithLabelValues(result).Inc()
}
