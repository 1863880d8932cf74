interface BenchGraph {
  [field: string]: any;
}
