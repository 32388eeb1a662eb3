package ingress

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

// Check is one condition of readiness.
type Check struct {
	// Name names what is checked, for example "temporal".
	Name string
	// Advice returns what a caller of /readyz is told when it fails. It must
	// not repeat the error, which goes to the log only.
	Advice func(err error) string
	// Probe returns an error while the condition does not hold.
	Probe func(ctx context.Context) error
}

// checkTimeout bounds all checks of one call together.
const checkTimeout = 2 * time.Second

type readiness struct {
	Ready  bool          `json:"ready"`
	Checks []checkResult `json:"checks"`
}

type checkResult struct {
	Name    string `json:"name"`
	Ready   bool   `json:"ready"`
	Message string `json:"message,omitempty"`
}

// draining tells /readyz that the process is about to end, so that a load
// balancer looks elsewhere. That can be seen only during Config.DrainDelay:
// afterwards the address is closed.
type draining struct{ flag atomic.Bool }

// healthz says that the process is alive, whatever it depends on.
func healthz(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"status": "ok"})
}

// readyz says whether the process can do its work, and if not, what is missing.
func (o *ops) readyz(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), checkTimeout)
	defer cancel()
	answer := readiness{Ready: true, Checks: []checkResult{}}
	if o.draining.flag.Load() {
		answer.Ready = false
		answer.Checks = append(answer.Checks, checkResult{Name: "shutdown", Message: "the process is shutting down"})
	}
	for _, check := range o.checks {
		result := checkResult{Name: check.Name, Ready: true}
		if err := check.Probe(ctx); err != nil {
			o.log.WarnContext(ctx, "not ready", "check", check.Name, "error", err)
			result.Ready, result.Message = false, check.Advice(err)
			answer.Ready = false
		}
		answer.Checks = append(answer.Checks, result)
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	c.JSON(status, answer)
}
