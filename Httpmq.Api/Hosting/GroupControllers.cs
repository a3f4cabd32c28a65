using System.Reflection;
using Httpmq.Api.Http;
using Microsoft.AspNetCore.Mvc.ApplicationModels;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Finds the group's controllers in whatever room they are; they are internal, as everything that is no library is. Those of both groups
/// get the group's root into their routes.
/// </summary>
internal sealed class GroupControllers(ApiGroup group) : IApplicationFeatureProvider<ControllerFeature>, IControllerModelConvention
{
    public void PopulateFeature(IEnumerable<ApplicationPart> parts, ControllerFeature feature)
    {
        foreach (var controller in All().Where(controller => GroupsOf(controller).Contains(group.Name, StringComparer.Ordinal)))
        {
            feature.Controllers.Add(controller.GetTypeInfo());
        }
    }

    public void Apply(ControllerModel controller) => controller.RouteValues[ApiGroup.RootToken] = group.Root;

    private static IEnumerable<Type> All() => typeof(GroupControllers).Assembly.GetTypes()
        .Where(type => type is { IsAbstract: false } && type.IsAssignableTo(typeof(ApiController)));

    private static IEnumerable<string> GroupsOf(Type controller) =>
        controller.GetCustomAttributes<ApiGroupAttribute>().ToArray() is { Length: > 0 } groups
            ? groups.Select(static group => group.Name)
            : throw new InvalidOperationException($"{controller} has no [ApiGroup], so that neither API would serve it.");
}
