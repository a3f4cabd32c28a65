using System.Reflection;
using BenchmarkDotNet.Attributes;
using Httpmq.MicroBench;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Benchmarks;

/// <summary>
/// What the pieces of the hot paths allocate, by the benchmarks that also time them (make microbench). Time is no matter of tests; what is
/// allocated is the same on every machine.
/// </summary>
internal sealed class AllocationTests
{
    private const int Calls = 1000;

    private static IEnumerable<TestCaseData> Benchmarks() =>
        from type in typeof(SubjectBenchmarks).Assembly.GetTypes()
        from method in type.GetMethods()
        let benchmark = method.GetCustomAttribute<BenchmarkAttribute>()
        where benchmark is not null
        select new TestCaseData(method, benchmark.OperationsPerInvoke).SetArgDisplayNames($"{type.Name}.{method.Name}");

    /// <summary>
    /// Bytes for each operation at most, with some room for code that the runtime has not optimised yet; what is not here allocates
    /// nothing. A benchmark that is asynchronous has its own task of 72 bytes in it.
    /// </summary>
    private static int Permitted(string benchmark) => benchmark switch
    {
        "PublishBenchmarks.Message" => 520,
        "PublishBenchmarks.BatchRecord" or "PublishBenchmarks.MessageOfRoute" => 80,
        "Base64BodyBenchmarks.ReadAsync" or "Base64BodyBenchmarks.RawAsync" => 160,
        "RequestSlotBenchmarks.StartAndEnd" => 80,
        "PubAckReaderBenchmarks.Refused" => 900,
        "SubjectBenchmarks.AckSubjectBuild" => 120,
        "AckRequestBenchmarks.Read" => 100,
        "BatchRecordReaderBenchmarks.NoObject" => 48,
        "BatchRecordReaderBenchmarks.NoSubject" => 48,
        "BatchRecordReaderBenchmarks.NoBase64" => 48,
        _ => 0,
    };

    [TestCaseSource(nameof(Benchmarks))]
    public async Task Operation_OfAHotPath_AllocatesNoMoreThanItMay(MethodInfo method, int operations)
    {
        var benchmarks = Activator.CreateInstance(method.DeclaringType!)!;
        foreach (var property in method.DeclaringType!.GetProperties())
        {
            if (property.GetCustomAttribute<ParamsAttribute>() is { } values)
            {
                property.SetValue(benchmarks, values.Values[0]);
            }
        }

        if (method.DeclaringType.GetMethods().SingleOrDefault(static other => other.IsDefined(typeof(GlobalSetupAttribute))) is { } setUp)
        {
            await (setUp.Invoke(benchmarks, null) as Task ?? Task.CompletedTask);
        }

        // Everything that is made once is made before. On a busy machine it takes a while until the runtime has optimised the code, which
        // before that boxes numbers.
        var permitted = Permitted($"{method.DeclaringType.Name}.{method.Name}");
        var first = Measure(benchmarks, method) / operations;
        await Eventually.HoldsAsync(
            () => Measure(benchmarks, method) / operations <= permitted,
            $"at most {permitted} bytes an operation; the first {Calls} calls allocated {first}");
    }

    private static double Measure(object benchmarks, MethodInfo method)
    {
        var call = Caller(benchmarks, method);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var number = 0; number < Calls; number++)
        {
            call();
        }

        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / Calls;
    }

    /// <summary>A call that allocates nothing of its own, as one by reflection would.</summary>
    private static Action Caller(object benchmarks, MethodInfo method) =>
        (Action)typeof(AllocationTests)
            .GetMethod(typeof(Task).IsAssignableFrom(method.ReturnType)
                ? nameof(Waiting)
                : nameof(Ignoring), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(method.ReturnType)
            .Invoke(null, [benchmarks, method])!;

    private static Action Ignoring<T>(object benchmarks, MethodInfo method)
    {
        var benchmark = method.CreateDelegate<Func<T>>(benchmarks);
        return () => benchmark();
    }

    private static Action Waiting<T>(object benchmarks, MethodInfo method)
        where T : Task
    {
        var benchmark = method.CreateDelegate<Func<T>>(benchmarks);
        return () =>
        {
            // It never waits: what would end on another thread could not be counted here.
            if (!benchmark().IsCompletedSuccessfully)
            {
                throw new InvalidOperationException($"{method} did not end at once");
            }
        };
    }
}
