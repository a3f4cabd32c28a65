using System.Reflection;
using Httpmq.Api.Http;
using Httpmq.Application.Streams;
using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Tests.Architecture.Planted.Lower;

namespace Httpmq.Tests.Architecture;

/// <summary>
/// The rooms inside each project, and who may know whom: the plan is in CONTRIBUTING.md. A new room is added to the plan here, on the floor
/// where it belongs.
/// </summary>
internal sealed class RoomTests
{
    private static readonly Assembly Api = typeof(ApiController).Assembly;

    private static IEnumerable<TestCaseData> Projects()
    {
        yield return Project(typeof(StreamName).Assembly, new Rooms(
            "Httpmq.Domain",
            "Errors Features Limits Naming",
            "Access Consumers Messages Streams"));
        yield return Project(typeof(IStreamStore).Assembly, new Rooms(
            "Httpmq.Application",
            "Definitions Telemetry Validation",
            "Streams",
            "Consumers",
            "Health Info Publishing Reading Settling Subscriptions"));
        yield return Project(typeof(NatsOptions).Assembly, new Rooms(
            "Httpmq.Infrastructure",
            "Protocol",
            "Connection",
            "Ledger Queues Requests",
            "Consumers Definitions Deliveries EmbeddedNats Health Info Publishing Reading Settling Streams Telemetry",
            "Diagnosis"));
        yield return Project(Api, new Rooms(
            "Httpmq.Api",
            "Errors Json Tracing",
            "Http",
            "Tls",
            "Access Bodies OpenApi",
            "RateLimits",
            "Settling Subscriptions.Framing",
            "Consumers Health Info Publishing Pulling Reading Streams Subscriptions",
            "Hosting.Configuration Hosting.Transport",
            "Hosting.Doctor",
            "Hosting"));
    }

    [TestCaseSource(nameof(Projects))]
    public void Room_OfAProject_KnowsOnlyWhatIsBelow(Assembly project, object rooms) =>
        Assert.That(((Rooms)rooms).Violations(TypeReferences.Of(project)), Is.Empty);

    [Test]
    public void Api_OutsideHosting_KnowsNothingOfInfrastructure()
    {
        var leaks = TypeReferences.Of(Api)
            .Where(reference => reference.ToRoom.StartsWith("Httpmq.Infrastructure", StringComparison.Ordinal))
            .Where(reference => !reference.FromRoom.StartsWith("Httpmq.Api.Hosting", StringComparison.Ordinal));

        Assert.That(leaks.Select(static leak => $"{leak.From} -> {leak.To}"), Is.Empty);
    }

    [TestCase(nameof(InAField))]
    [TestCase(nameof(InASignature))]
    [TestCase(nameof(InABody))]
    [TestCase(nameof(InATypeOf))]
    [TestCase(nameof(InACatch))]
    [TestCase(nameof(InAGenericArgument))]
    [TestCase(nameof(InAConstraint<>))]
    [TestCase(nameof(InAnAttribute))]
    [TestCase(nameof(InAnAttributesArgument))]
    [TestCase(nameof(InALambda))]
    public void Violation_Planted_IsFound(string type)
    {
        var rooms = new Rooms("Httpmq.Tests.Architecture.Planted", "Lower", "Upper");

        var found = rooms.Violations(TypeReferences.Of(typeof(RoomTests).Assembly));

        Assert.That(found, Has.Some.Matches($@"\.Lower\.{type}(`1)? -> .*\.Upper\."));
    }

    [Test]
    public void Room_OutsideThePlan_IsFound()
    {
        var rooms = new Rooms("Httpmq.Tests.Architecture.Planted", "Upper");

        Assert.That(rooms.Violations(TypeReferences.Of(typeof(RoomTests).Assembly)), Is.Not.Empty);
    }

    private static TestCaseData Project(Assembly assembly, Rooms rooms) =>
        new TestCaseData(assembly, rooms).SetArgDisplayNames(assembly.GetName().Name!);
}
