using System.Reflection;
using Httpmq.Api.Http;
using Httpmq.Application.Streams;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;

namespace Httpmq.Tests.Architecture;

/// <summary>The arrows between the layers, read from the compiled assemblies.</summary>
internal sealed class LayeringTests
{
    private static readonly Assembly Domain = typeof(StreamName).Assembly;
    private static readonly Assembly Application = typeof(IStreamStore).Assembly;
    private static readonly Assembly Infrastructure = typeof(NatsOptions).Assembly;
    private static readonly Assembly Api = typeof(ApiController).Assembly;

    private static IEnumerable<TestCaseData> Forbidden()
    {
        yield return new TestCaseData(Domain, new[]
        {
            "Httpmq.Application", "Httpmq.Infrastructure", "Httpmq.Api", "Microsoft.", "MediatR", "FluentValidation", "NATS.",
        }).SetArgDisplayNames("Domain");
        yield return new TestCaseData(Application, new[]
        {
            "Httpmq.Infrastructure", "Httpmq.Api", "Microsoft.AspNetCore", "NATS.", "System.Text.Json", "System.Net.Http",
        }).SetArgDisplayNames("Application");
        yield return new TestCaseData(Infrastructure, new[] { "Httpmq.Api", "Microsoft.AspNetCore", "System.Net.Http" })
            .SetArgDisplayNames("Infrastructure");
        yield return new TestCaseData(Api, new[] { "NATS." }).SetArgDisplayNames("Api");
    }

    [TestCaseSource(nameof(Forbidden))]
    public void Layer_ReferencedAssemblies_HoldNothingForbidden(Assembly layer, string[] forbidden) =>
        Assert.That(Violations(layer, forbidden), Is.Empty);

    [Test]
    public void Layer_ThatBreaksTheRule_IsFound() =>
        Assert.That(Violations(Infrastructure, ["NATS."]), Is.Not.Empty, "the check above could not fail");

    private static IEnumerable<string> Violations(Assembly layer, string[] forbidden) => layer.GetReferencedAssemblies()
        .Select(reference => reference.Name!)
        .Where(name => forbidden.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));
}
