package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
)

// roundTimeout bounds all the questions of one round. They are answered in some
// milliseconds where Temporal is not in trouble.
const roundTimeout = 20 * time.Second

// Surveyed is the part of a Temporal client that a survey asks.
type Surveyed interface {
	CountWorkflow(ctx context.Context, request *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error)
	WorkflowService() workflowservice.WorkflowServiceClient
}

// survey asks Temporal every now and then how the whole installation is: every
// worker shows the same numbers.
type survey struct {
	temporal  Surveyed
	namespace string
	every     time.Duration
	log       *slog.Logger
	gauges    surveyGauges

	mu   sync.Mutex
	stop func() // nil while it does not run
}

func newSurvey(registry prometheus.Registerer, temporal Surveyed, namespace string, every time.Duration, log *slog.Logger) (*survey, error) {
	s := &survey{temporal: temporal, namespace: namespace, every: every, log: log, gauges: newSurveyGauges()}
	if err := s.gauges.register(registry); err != nil {
		return nil, err
	}
	return s, nil
}

// begin asks at once and then again and again, until end is called.
func (s *survey) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.run(ctx)
	}()
	s.stop = func() {
		cancel()
		<-ended
	}
}

// end returns when nothing is asked any more.
func (s *survey) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

func (s *survey) run(ctx context.Context) {
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for failing := false; ; {
		err := s.round(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			s.log.WarnContext(ctx, "the survey failed: its metrics keep their values until it succeeds again", "error", err)
		case err == nil && failing:
			s.log.InfoContext(ctx, "the survey succeeds again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// round asks everything once. Only a round that succeeds changes the numbers, so
// that they always belong together.
func (s *survey) round(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	now := time.Now()
	reading, err := s.read(bounded, now)
	if ctx.Err() != nil {
		return ctx.Err() // it was called off, which says nothing of Temporal
	}
	if answered(err) {
		s.gauges.up.Set(1)
	} else {
		s.gauges.up.Set(0)
	}
	if err != nil {
		return err
	}
	s.gauges.show(reading)
	s.gauges.success.Set(float64(now.UnixMilli()) / 1000)
	return nil
}

// answered reports whether Temporal was there to answer a question. That it does
// not know a search attribute, or has too much to do, is an answer too.
func answered(err error) bool {
	var invalid *serviceerror.InvalidArgument
	var exhausted *serviceerror.ResourceExhausted
	return err == nil || errors.As(err, &invalid) || errors.As(err, &exhausted)
}

// count counts the workflow runs that a visibility query finds.
func (s *survey) count(ctx context.Context, query string) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	response, err := s.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: s.namespace, Query: query})
	if err != nil {
		return nil, fmt.Errorf("count workflows with %s: %w", query, err)
	}
	return response, nil
}
