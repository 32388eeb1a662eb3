{{/*
A Deployment. Takes root, component, settings, build, and what orderbridge.pod
takes. Its selector names the build where several run side by side.
*/}}
{{- define "orderbridge.deploymentObject" -}}
{{- $ := .root -}}
{{- $settings := .settings -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .name }}
  labels:
    {{- include "orderbridge.labels" $ | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  {{- if not (and .own $settings.autoscaling.enabled) }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      {{- include "orderbridge.selector" $ | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
      {{- with .buildID }}
      orderbridge/build: {{ include "orderbridge.buildName" . }}
      {{- end }}
  template:
    metadata:
      labels:
        {{- include "orderbridge.selector" $ | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
        orderbridge/ops: "true"
        {{- with .buildID }}
        orderbridge/build: {{ include "orderbridge.buildName" . }}
        {{- end }}
        {{- with mergeOverwrite (dict) $.Values.commonLabels $settings.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- $secret := include "orderbridge.ownSecret" (dict "root" $ "component" .component) | trim }}
      {{- if or $secret $settings.podAnnotations }}
      annotations:
        {{- with $secret }}
        # Secrets are read when a process starts.
        checksum/secrets: {{ sha256sum . }}
        {{- end }}
        {{- with $settings.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
    spec:
      {{- include "orderbridge.pod" . | trim | nindent 6 }}
{{- end }}
