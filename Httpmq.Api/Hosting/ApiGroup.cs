using System.Reflection;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;

namespace Httpmq.Api.Hosting;

/// <summary>One of the two APIs, each with its own port: the controllers of one do not exist on the other.</summary>
internal sealed record ApiGroup(string Name, string Title, string ControllerNamespace)
{
    public static ApiGroup Management { get; } = new("management", "Httpmq management API", typeof(Controllers.Management.StreamsController).Namespace!);

    public static ApiGroup Dataplane { get; } = new("dataplane", "Httpmq dataplane API", typeof(Controllers.Dataplane.MessagesController).Namespace!);
}

/// <summary>Finds the group's controllers; they are internal, as everything that is no library is.</summary>
internal sealed class GroupControllers(ApiGroup group) : IApplicationFeatureProvider<ControllerFeature>
{
    public void PopulateFeature(IEnumerable<ApplicationPart> parts, ControllerFeature feature)
    {
        var controllers = typeof(GroupControllers).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(Controllers.ApiController)))
            .Where(type => string.Equals(type.Namespace, group.ControllerNamespace, StringComparison.Ordinal));
        foreach (var controller in controllers)
        {
            feature.Controllers.Add(controller.GetTypeInfo());
        }
    }
}
