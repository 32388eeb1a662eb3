package prometheustest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// queryTimeout bounds one question.
const queryTimeout = 30 * time.Second

// Sample is one value of an answer, with its labels.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Alert is an alert that fires, or that will if it lasts.
type Alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
}

// Query evaluates an expression that returns a vector, now. It returns an error
// with what Prometheus says if it does not accept the expression.
func (s *Server) Query(ctx context.Context, expr string) ([]Sample, error) {
	var data struct {
		Type   string `json:"resultType"`
		Result []struct {
			Labels map[string]string `json:"metric"`
			Value  [2]any            `json:"value"`
		} `json:"result"`
	}
	if err := s.ask(ctx, "/api/v1/query", url.Values{"query": {expr}}, &data); err != nil {
		return nil, err
	}
	if data.Type != "vector" {
		return nil, fmt.Errorf("%s is a %s and no vector", expr, data.Type)
	}
	out := make([]Sample, 0, len(data.Result))
	for _, result := range data.Result {
		text, _ := result.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("the value of %s: %w", expr, err)
		}
		out = append(out, Sample{result.Labels, value})
	}
	return out, nil
}

// LabelValues returns the values that a label has in the series of a selector.
func (s *Server) LabelValues(ctx context.Context, selector, label string) ([]string, error) {
	var values []string
	err := s.ask(ctx, "/api/v1/label/"+url.PathEscape(label)+"/values", url.Values{"match[]": {selector}}, &values)
	return values, err
}

// Firing returns the alerts that fire now, the first of each name.
func (s *Server) Firing(ctx context.Context) (map[string]Alert, error) {
	var data struct {
		Alerts []Alert `json:"alerts"`
	}
	if err := s.ask(ctx, "/api/v1/alerts", nil, &data); err != nil {
		return nil, err
	}
	out := map[string]Alert{}
	for _, alert := range data.Alerts {
		if _, met := out[alert.Labels["alertname"]]; !met && alert.State == "firing" {
			out[alert.Labels["alertname"]] = alert
		}
	}
	return out, nil
}

// Exemplars counts the exemplars of the series of a selector in the last hour.
func (s *Server) Exemplars(ctx context.Context, selector string) (int, error) {
	var data []struct {
		Exemplars []json.RawMessage `json:"exemplars"`
	}
	now := time.Now()
	err := s.ask(ctx, "/api/v1/query_exemplars", url.Values{
		"query": {selector},
		"start": {now.Add(-time.Hour).Format(time.RFC3339)}, "end": {now.Add(time.Minute).Format(time.RFC3339)},
	}, &data)
	n := 0
	for _, series := range data {
		n += len(series.Exemplars)
	}
	return n, err
}

// ready reports whether it answers questions.
func (s *Server) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/-/ready", http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// ask asks the API, and reads the data of its answer.
func (s *Server) ask(ctx context.Context, path string, values url.Values, into any) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path+"?"+values.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask Prometheus: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("the answer of Prometheus to %s (%s): %w", path, response.Status, err)
	}
	if answer.Status != "success" {
		return fmt.Errorf("the answer of Prometheus to %s: %s", strings.Join(values["query"], ""), answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}
