using Httpmq.Api.Hosting;
using Httpmq.Api.Http;

namespace Httpmq.Tests.Architecture;

/// <summary>The controllers are named in one list. One that is not in it would be served by nobody.</summary>
internal sealed class ControllerTests
{
    [Test]
    public void EveryControllerIsNamed()
    {
        var controllers = typeof(ApiController).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(ApiController)));

        Assert.That(GroupControllers.All, Is.EquivalentTo(controllers));
    }
}
