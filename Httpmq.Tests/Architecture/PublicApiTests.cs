using System.Reflection;
using Httpmq.Application.Streams;
using Httpmq.Client;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Support;
using PublicApiGenerator;

namespace Httpmq.Tests.Architecture;

/// <summary>What each layer shows to those above: a change of it must be seen in a review.</summary>
internal sealed class PublicApiTests
{
    private static readonly ApiGeneratorOptions Options = new() { IncludeAssemblyAttributes = false };

    private static IEnumerable<Assembly> Layers() =>
        [typeof(StreamName).Assembly, typeof(IStreamStore).Assembly, typeof(NatsOptions).Assembly, typeof(HttpmqClient).Assembly];

    [TestCaseSource(nameof(Layers))]
    public void PublicApi_OfALayer_IsAsCommitted(Assembly layer) =>
        Snapshot.Check(
            $"Httpmq.Tests/Snapshots/{layer.GetName().Name}.txt", layer.GeneratePublicApi(Options).ReplaceLineEndings("\n") + "\n");
}
