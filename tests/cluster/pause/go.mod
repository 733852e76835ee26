// The process that holds a pod, for the cluster tests.
module telcoai.test/pause

go 1.26.0
