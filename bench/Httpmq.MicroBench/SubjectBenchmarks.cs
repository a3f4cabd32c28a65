using BenchmarkDotNet.Attributes;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.MicroBench;

/// <summary>Once per publish: the subject. Once per acknowledgement: building its subject. Once per delivery: reading it.</summary>
public class SubjectBenchmarks
{
    private const string Reply = "$JS.ACK.orders.workers.1.123456.123450.1700000000000000000.42";

    [Benchmark]
    public bool SubjectTryParse() => Subject.TryParse("orders.europe.new", out _, out _);

    [Benchmark]
    public string AckSubjectBuild() => AckSubject.Build("orders", "workers", new DeliverySequence(123456, 123450));

    [Benchmark]
    public bool AckSubjectTryParse() => AckSubject.TryParse(Reply, out _);
}
