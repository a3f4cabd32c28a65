using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Httpmq.Api.Settling;

namespace Httpmq.MicroBench;

/// <summary>Once per pair of an array of acknowledgements: the JSON to sequences.</summary>
public class AckRequestBenchmarks
{
    private const int Pairs = 1000;

    private readonly byte[] _body = Encoding.UTF8.GetBytes(
        $"[{string.Join(',', Enumerable.Range(1, Pairs).Select(number => $$"""{"stream":{{number}},"consumer":{{number}}}"""))}]");

    [Benchmark(OperationsPerInvoke = Pairs)]
    public bool Read() => JsonSerializer.Deserialize(_body, SettlingJson.Wire.AckRequest)!.IsBatch;
}
